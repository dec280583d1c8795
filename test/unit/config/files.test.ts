import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import { build, of } from './world.ts'

const fixtures = new URL('../../fixtures/config/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, fixtures), 'utf8')
const snippets = readdirSync(new URL('snippets/', fixtures))

it('loads a production file without an error or a warning', () => {
  const { config, notices, file } = build(read('production.yaml'))
  expect([...of('error', notices), ...of('warning', notices)]).toEqual([])
  expect(config.deployments).toHaveLength(8)
  expect(config.router.timeoutMs).toBe(60_000)
  expect(config.litellm.dropParams).toBe(true)
  expect(config.environment.LANGFUSE_HOST).toBe('https://langfuse.example.com')
  expect(config.environment.LANGFUSE_SECRET_KEY).toEqual({ env: 'LANGFUSE_SECRET_KEY' })
  expect(file.litellm_settings?.cache_params?.ttl).toBe(3600)
})

it('names every key of it that is never active, once', () => {
  const messages = of('notice', build(read('production.yaml')).notices).map(({ message }) => message)
  const inactive: readonly string[] = []
  for (const path of inactive)
    expect(
      messages.filter((text) => text.startsWith(`accepted, never active: ${path} `)),
      path,
    ).toHaveLength(1)
  expect(messages.filter((text) => text.startsWith('accepted, never active'))).toHaveLength(inactive.length)
})

it('says what replaces the keys that mean nothing at the edge', () => {
  const messages = of('notice', build(read('production.yaml')).notices).map(({ message }) => message)
  for (const path of ['router_settings.redis_host', 'litellm_settings.cache_params.host'])
    expect(messages.find((text) => text.includes(`${path};`))).toContain('UPSTASH_REDIS_REST_URL')
  expect(messages.find((text) => text.includes('database_connection_pool_limit'))).toContain('HTTP')
})

it('disables the vendors that are not built, and says which groups are left with nothing', () => {
  const { config, notices } = build(read('production.yaml'))
  const working = config.deployments.filter(({ disabled }) => disabled === undefined)
  expect(working.map(({ group }) => group)).toEqual(['gpt-4o', 'gpt-4o-mini', 'smart-chat'])
  expect(config.deployments[2]?.disabled).toContain("'anthropic' is not built yet")
  const empty = notices.filter(({ message }) => message.includes('501')).map(({ message }) => message.split("'")[1])
  expect(empty).toEqual(['claude-sonnet', 'gemini-flash', 'llama-local'])
})

it.each(snippets)('loads %s without an error or a warning, also for a deploy', (name) => {
  const { notices } = build(read(`snippets/${name}`), 'deploy')
  expect([...of('error', notices), ...of('warning', notices)]).toEqual([])
})

it.each(snippets.filter((name) => name.startsWith('strategy-')))('has nothing to say about %s', (name) => {
  expect(build(read(`snippets/${name}`)).notices).toEqual([])
})

it('says nothing but what the cache and the signals still lack', () => {
  const notices = snippets.flatMap((name) =>
    buildConfig(read(`snippets/${name}`), { fileName: name, target: 'deploy' }).notices.map(({ message }) => message),
  )
  const production = buildConfig(read('production.yaml'), { fileName: 'production.yaml', target: 'deploy' }).notices
  const lacking = [...notices, ...production.map(({ message }) => message)].filter((text) => /never active/.test(text))
  expect(lacking.filter((text) => !/response cache/.test(text))).toEqual([])
})

it('names in the shipped file only what works, with prices and limits', () => {
  const shipped = readFileSync(new URL('../../../config.yaml', import.meta.url), 'utf8')
  const { config, notices } = buildConfig(shipped, { fileName: 'config.yaml', target: 'deploy' })
  expect(notices).toEqual([])
  expect(config.deployments.length).toBeGreaterThan(1)
  for (const { price, maxOutputTokens, maxInputTokens } of config.deployments) {
    expect(price?.input).toBeGreaterThan(0)
    expect(maxInputTokens).toBeGreaterThan(0)
    expect(maxOutputTokens).toBeGreaterThan(0)
  }
})
