import { expect, it } from 'vitest'
import { deploymentsFor, groupOf, readText, requiredVariables } from '../../../src/config/read.ts'
import { build } from './world.ts'

const { config } = build(`environment_variables:
  FROM_FILE: written
  SAME: os.environ/SAME
  OTHER: os.environ/THIRD
model_list:
  - { model_name: hosted, litellm_params: { model: openai/gpt-4o, api_key: os.environ/KEY } }
  - { model_name: own, litellm_params: { model: hosted_vllm/l, api_base: os.environ/OWN_BASE } }
  - { model_name: far, litellm_params: { model: anthropic/claude-sonnet-5, api_key: os.environ/FAR } }
router_settings:
  model_group_alias: { nick: hosted, lost: nowhere, hidden-one: { model: own, hidden: true } }
`)

it('reads a variable from the environment first, then from the file, and follows the file one step', () => {
  const read = (name: string, env: Record<string, unknown>) => readText({ env: name }, config, env)
  expect(read('FROM_FILE', {})).toBe('written')
  expect(read('FROM_FILE', { FROM_FILE: 'set' })).toBe('set')
  expect(read('FROM_FILE', { FROM_FILE: '' })).toBe('written')
  expect(read('SAME', {})).toBeUndefined()
  expect(read('OTHER', { THIRD: 'x' })).toBe('x')
  expect(read('toString', {})).toBeUndefined()
  expect(read('BINDING', { BINDING: {} })).toBeUndefined()
  expect(readText('text', config, {})).toBe('text')
  expect(readText(undefined, config, {})).toBeUndefined()
  expect(readText({ env: 'X', otherwise: 'y' }, config, {})).toBe('y')
})

it('says which variable a deployment misses, and leaves the others alone', () => {
  const reasons = (env: Record<string, unknown>) => deploymentsFor(config, env).map(({ reason }) => reason)
  expect(reasons({})).toEqual(['KEY is not set', 'OWN_BASE is not set', expect.stringContaining('not built yet')])
  expect(reasons({ KEY: 'k', OWN_BASE: 'http://x' }).slice(0, 2)).toEqual([undefined, undefined])
})

it('judges once per environment', () => {
  const env = { KEY: 'k' }
  expect(deploymentsFor(config, env)).toBe(deploymentsFor(config, env))
  expect(deploymentsFor(config, { KEY: 'k' })).not.toBe(deploymentsFor(config, env))
})

it('finds a group by its name and by its alias', () => {
  expect(
    ['hosted', 'nick', 'hidden-one', 'lost', 'nobody', 'constructor'].map((name) => groupOf(config, name)),
  ).toEqual(['hosted', 'hosted', 'own', undefined, undefined, undefined])
})

it('asks a deploy only for the variables that something active reads', () => {
  expect([...requiredVariables(config).keys()]).toEqual([
    'LITELLM_MASTER_KEY',
    'DATABASE_URL',
    'UPSTASH_REDIS_REST_URL',
    'UPSTASH_REDIS_REST_TOKEN',
    'KEY',
    'OWN_BASE',
  ])
})
