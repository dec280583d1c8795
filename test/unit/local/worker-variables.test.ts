import { expect, test } from 'vitest'
import { readable } from '../../../scripts/local/gateway.ts'
import { envFile, localVariables, standIns } from '../../../scripts/local/worker-variables.ts'

const stack = {
  databaseUrl: 'postgresql://local',
  redisUrl: 'http://redis',
  redisToken: 'token',
  providerUrl: 'http://stand-in',
}

test('with nothing of your own, everything is local', () => {
  expect(localVariables(stack, {}, { OPENAI_API_KEY: 'sk-from-the-shell' })).toEqual({
    DATABASE_URL: 'postgresql://local',
    UPSTASH_REDIS_REST_URL: 'http://redis',
    UPSTASH_REDIS_REST_TOKEN: 'token',
    LITELLM_MASTER_KEY: 'sk-local-master',
    LITELLM_SALT_KEY: 'local-salt-not-for-production',
    OPENAI_API_KEY: 'sk-stand-in',
    OPENAI_BASE_URL: 'http://stand-in/v1',
    ANTHROPIC_API_KEY: 'sk-stand-in',
    ANTHROPIC_BASE_URL: 'http://stand-in',
    GEMINI_API_KEY: 'sk-stand-in',
    GEMINI_API_BASE: 'http://stand-in',
  })
})

test('the shell names the master key and the salt', () => {
  const variables = localVariables(stack, {}, { LITELLM_MASTER_KEY: 'sk-mine', LITELLM_SALT_KEY: 'salt' })
  expect(variables).toMatchObject({ LITELLM_MASTER_KEY: 'sk-mine', LITELLM_SALT_KEY: 'salt' })
})

test('a real key goes to the real vendor, never to the stand-in', () => {
  const devVars = { OPENAI_API_KEY: 'sk-real', LITELLM_MASTER_KEY: 'sk-own', DATABASE_URL: 'postgresql://neon' }
  const variables = localVariables(stack, devVars, {})
  for (const name of ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'LITELLM_MASTER_KEY', 'DATABASE_URL'])
    expect(variables).not.toHaveProperty(name)
  expect(standIns(devVars).map(({ key }) => key)).toEqual(['ANTHROPIC_API_KEY', 'GEMINI_API_KEY'])
})

test('a server of your own is left alone, and a local Redis keeps its own token', () => {
  const variables = localVariables(stack, { OPENAI_BASE_URL: 'http://vllm', UPSTASH_REDIS_REST_TOKEN: 'other' }, {})
  expect(variables).not.toHaveProperty('OPENAI_API_KEY')
  expect(variables).toMatchObject({ UPSTASH_REDIS_REST_URL: 'http://redis', UPSTASH_REDIS_REST_TOKEN: 'token' })
  expect(localVariables(stack, { UPSTASH_REDIS_REST_URL: 'https://real' }, {})).not.toHaveProperty(
    'UPSTASH_REDIS_REST_TOKEN',
  )
})

test('a value is written so that nothing in it is expanded', () => {
  expect(envFile({ KEY: 'a$b "c"' })).toBe('KEY="a\\\\$b \\"c\\""\n')
})

test('of what wrangler says, a person sees requests, logs and errors', () => {
  expect(readable('[wrangler:info] GET / 200 OK (5ms)')).toBe('GET / 200 OK (5ms)')
  expect(readable('✘ [ERROR] it broke')).toBe('it broke')
  for (const noise of [
    '',
    '⎔ Reloading local server...',
    'env.SPEND (tollgate-spend)   Queue   local',
    'Using secrets defined in x',
  ])
    expect(readable(noise)).toBeUndefined()
})
