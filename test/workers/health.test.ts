import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { durableHealth } from '../../src/health/durable.ts'
import type { HealthObject } from '../../src/health/health-object.ts'
import { IsolateHealth } from '../../src/health/isolate.ts'
import { healthSettings } from '../../src/health/settings.ts'
import { healthContract } from '../contract/health-contract.ts'
import { Caller, config, GROUP, type HealthWorld, VirtualTime } from '../contract/health-world.ts'

interface Bindings {
  readonly HEALTH: DurableObjectNamespace<HealthObject>
}

const { HEALTH } = env as unknown as Bindings

let worlds = 0

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Each world has an object of its own: its storage lives as long as this file's tests. */
function makeWorld(): HealthWorld {
  worlds += 1
  const named = (group: string) => `${group}-${worlds}`
  const stub = () => HEALTH.getByName(named(GROUP))
  const time = new VirtualTime(Date.UTC(2026, 10, 22), (nowMs) => vi.setSystemTime(nowMs))
  vi.setSystemTime(time.nowMs)
  const open = new Set<Promise<unknown>>()
  let severed = false
  let calls = 0
  const settle = async () => {
    do {
      await Promise.allSettled(open)
      await new Promise((resolve) => setTimeout(resolve, 0))
    } while (open.size > 0)
  }
  return {
    time,
    isolate: (isolate) =>
      new IsolateHealth({
        settings: healthSettings(config),
        isolate,
        clock: () => time.nowMs,
        sleep: time.sleep,
        warn: () => {},
        async report(group, batch) {
          calls += 1
          const asked = Promise.resolve(HEALTH.getByName(named(group)).report(batch))
          open.add(asked)
          const answer = await asked.finally(() => open.delete(asked))
          if (severed) throw new Error('severed')
          return answer
        },
      }),
    advance: (ms) => time.advance(ms, settle),
    evict: () => evictDurableObject(stub()),
    sever: (on) => {
      severed = on
    },
    calls: () => calls,
  }
}

healthContract('a Durable Object', makeWorld)

it('is the same through the binding, and an object that cannot be called costs nothing but a warning', async () => {
  const warned: string[] = []
  const through = (namespace: { getByName(name: string): { report: HealthObject['report'] | (() => never) } }) =>
    durableHealth({
      namespace: namespace as never,
      settings: healthSettings(config),
      isolate: 'one',
      clock: () => Date.now(),
      warn: (message) => warned.push(message),
    })
  const world = makeWorld()
  await HEALTH.getByName(GROUP).report({
    isolate: 'other',
    sequence: 1,
    ttlMs: 1_000,
    deployments: { b: { inFlight: 2, circuit: { openUntilMs: Date.now() + 9_000, closed: false, because: 'a test' } } },
  })
  const real = new Caller({ ...world, isolate: () => through(HEALTH as never) }, 'one')
  expect(await (await real.look().state).get('b')).toMatchObject({
    inFlight: 2,
    circuit: 'open',
    openBecause: 'a test',
  })
  const broken = through({
    getByName: () => ({
      report: () => {
        throw new Error('overloaded')
      },
    }),
  })
  const alone = new Caller({ ...world, isolate: () => broken }, 'two')
  alone.fails('a', 401)
  expect((await alone.look().state).get('a')?.circuit).toBe('open')
  expect(warned).toEqual(['the health of a group cannot be shared'])
})
