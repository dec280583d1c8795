import { describe, expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import type { Config } from '../../../src/config/config.ts'
import { currentConfig } from '../../../src/models/current.ts'
import { memoryModels } from '../../../src/models/memory.ts'
import type { ModelStore } from '../../../src/models/port.ts'
import { SALT_LOST } from '../../../src/models/resolve.ts'
import { generations } from '../../../src/tenants/generations.ts'

const built = buildConfig(
  `
model_list:
  - model_name: file
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor }
    model_info: { id: file-1 }
general_settings: { store_model_in_db: true }
`,
  { fileName: 'test.yaml', target: 'dev' },
).config

/** Two isolates over one database. */
function world() {
  let now = 1_000_000
  let isDown = false
  let reads = 0
  const changed: { number: number; ids: readonly string[] }[] = []
  const number = () => changed.at(-1)?.number ?? 0
  const raise = (ids: readonly string[]) => void changed.push({ number: number() + 1, ids })
  const inner = memoryModels(number, raise)
  const clock = () => now
  const store: Pick<ModelStore, 'read'> = {
    read: (nowMs) => {
      reads += 1
      return isDown ? Promise.reject(new Error('down')) : inner.read(nowMs)
    },
  }
  const source = {
    generation: (nowMs: number) =>
      isDown
        ? Promise.reject(new Error('down'))
        : Promise.resolve({ number: number(), changed: [...changed], readAtMs: nowMs }),
  }
  const isolate = () => {
    const known = generations(source, undefined, { clock, waitMs: 1_000 })
    const current = currentConfig({ built, store, generations: known, clock, warn: () => {} })
    const deferred: Promise<unknown>[] = []
    return {
      known,
      now: async () => {
        const config = current.now({ nowMs: now, defer: (_, work) => void deferred.push(work.catch(() => {})) })
        const waited = config instanceof Promise
        const made = await config
        await Promise.all(deferred.splice(0))
        return { config: made, waited, groups: made.deployments.map(({ group }) => group) }
      },
    }
  }
  return {
    isolate,
    raise,
    add: (id: string, secret: { readonly [key: string]: string } | undefined, group = id) =>
      inner.create<'model'>({ kind: 'model', id, group, info: {}, secret }, { by: 'ada', nowMs: now }),
    store: inner,
    pass: (ms: number) => {
      now += ms
    },
    down: (is: boolean) => {
      isDown = is
    },
    reads: () => reads,
  }
}

const params = { model: 'openai/gpt-4o', api_key: 'sk-x' }
const disabledOf = (config: Config, id: string) => config.deployments.find((one) => one.id === id)?.disabled

describe('what runs in an isolate', () => {
  it('is the built config where nothing is stored, read once and then known without asking', async () => {
    const w = world()
    const one = w.isolate()
    expect(await one.now()).toMatchObject({ config: built, waited: true })
    for (let passed = 0; passed < 20_000; passed += 1_000) {
      w.pass(1_000)
      expect((await one.now()).waited).toBe(false)
    }
    expect(w.reads()).toBe(1)
  })

  it('has a stored model within five seconds, with its list price, and loses a deleted one as soon', async () => {
    const w = world()
    const [one, two] = [w.isolate(), w.isolate()]
    await one.now()
    await two.now()
    await w.add('db-1', params, 'stored')
    w.pass(5_000)
    for (const isolate of [one, two]) {
      const { config, groups } = await isolate.now()
      expect(groups).toEqual(['file', 'stored'])
      expect(config.deployments[1]).toMatchObject({ id: 'db-1', provider: 'openai', apiKey: 'sk-x' })
      expect(config.deployments[1]?.price?.input).toBe(2_500_000)
    }
    await w.store.remove('model', 'db-1', { by: 'ada', nowMs: 1 })
    w.pass(5_000)
    expect((await two.now()).groups).toEqual(['file'])
  })

  it('is not read again for what others write', async () => {
    const w = world()
    const one = w.isolate()
    await one.now()
    w.raise(['key:1'])
    w.pass(5_000)
    await one.now()
    expect(w.reads()).toBe(1)
  })

  it('goes on with what it last knew while Postgres is away, asking at most once a second', async () => {
    const w = world()
    await w.add('db-1', params)
    const one = w.isolate()
    await one.now()
    w.down(true)
    w.pass(60_000)
    expect((await one.now()).groups).toEqual(['file', 'db-1'])
    expect(await one.now()).toMatchObject({ waited: false })
    w.down(false)
    await w.store.remove('model', 'db-1', { by: 'ada', nowMs: 1 })
    w.pass(1_000)
    expect((await one.now()).groups).toEqual(['file'])
    const fresh = world()
    fresh.down(true)
    expect((await fresh.isolate().now()).groups).toEqual(['file'])
  })

  it('keeps what cannot be used, disabled, with the reason', async () => {
    const w = world()
    await w.add('lost', undefined)
    await w.add('lonely', { ...params, litellm_credential_name: 'nobody' })
    await w.add('greedy', { ...params, api_key: 'os.environ/DATABASE_URL' })
    await w.add('file-1', params, 'usurper')
    const { config, groups } = await w.isolate().now()
    expect(groups).toEqual(['file', 'lost', 'lonely', 'greedy'])
    expect(disabledOf(config, 'lost')).toBe(SALT_LOST)
    expect(disabledOf(config, 'lonely')).toBe("there is no credential 'nobody'")
    expect(disabledOf(config, 'greedy')).toContain('secret of the gateway')
  })

  it('takes what a credential brings, and names of access groups on models of the file too', async () => {
    const w = world()
    const by = { by: 'ada', nowMs: 0 }
    await w.store.create<'credential'>({ kind: 'credential', id: 'c', info: {}, secret: { api_key: 'sk-c' } }, by)
    await w.store.create<'access_group'>({ kind: 'access_group', id: 'beta', models: ['file', 'db-1'] }, by)
    await w.add('db-1', { model: 'openai/gpt-4o', litellm_credential_name: 'c' })
    const { config } = await w.isolate().now()
    expect(config.deployments.map(({ accessGroups }) => accessGroups)).toEqual([['beta'], ['beta']])
    expect(config.deployments[1]?.apiKey).toBe('sk-c')
  })
})
