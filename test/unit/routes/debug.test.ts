import { afterEach, expect, it, vi } from 'vitest'
import { recordingTo, testSink } from '../../../src/deps/signals.ts'
import type { DebugKeys } from '../../../src/observe/debug.ts'
import { spendEventOf } from '../../support/spend-event.ts'
import { world } from './world.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
afterEach(() => vi.restoreAllMocks())

function debugKeys(): DebugKeys & { readonly until: Map<string, number> } {
  const until = new Map<string, number>()
  return {
    until,
    set: async (keyId, untilMs) => void until.set(keyId, untilMs),
    of: async (keyIds, nowMs) => new Set(keyIds.filter((id) => (until.get(id) ?? 0) > nowMs)),
  }
}

it('an admin has a key debugged for a time, and ends it', async () => {
  const w = world()
  const debug = debugKeys()
  Object.assign(w.deps, { debugKeys: debug })
  const made = await w.post('/key/generate', {})
  const key = await w.store.findKey({ token: made.json.token })
  const on = await w.post('/debug/key', { key: made.json.key, minutes: 30 })
  expect(on.json).toEqual({ key_name: key!.keyName, until: '2026-11-22T12:30:00.000Z' })
  expect(debug.until.get(key!.id)).toBe(NOW + 30 * 60_000)
  expect((await w.post('/debug/key', { key: made.json.token, minutes: 0 })).json.until).toBeNull()
  expect((await debug.of([key!.id], NOW)).size).toBe(0)
  expect((await w.post('/debug/key', { key: 'sk-nobody' })).status).toBe(404)
  expect((await w.post('/debug/key', { key: made.json.key }, made.json.key)).status).toBe(401)
  expect((await w.post('/debug/key', { key: made.json.key, minutes: 2_000 })).status).toBe(400)
})

it('each attempt of such a key is a line of the log, without what was asked, and of no other key', async () => {
  const lines: string[] = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line))
  const waited: Promise<unknown>[] = []
  const { recorded } = recordingTo({
    config: world().deps.gateway.config,
    deliveries: undefined,
    callbacks: async () => new Map(),
    debugged: async () => new Map([['watched', true as const]]),
    told: undefined,
    ctx: { waitUntil: (work: Promise<unknown>) => void waited.push(work) } as unknown as ExecutionContext,
    failed: () => {},
  })
  const id = (n: number) => `019a0000-0000-7000-8000-00000000000${n}`
  const times = { start_ms: NOW, received_ms: NOW - 5, end_ms: NOW + 900, first_token_ms: NOW + 100 }
  await recorded?.([
    spendEventOf({
      id: id(1),
      key_id: 'watched',
      api_key: 'hash-of-key',
      ...times,
      error_message: 'said a planted prompt',
    }),
    spendEventOf({ id: id(2), key_id: 'other' }),
  ])
  await Promise.all(waited)
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'debug',
    key_id: 'watched',
    attempt: id(1),
    model_group: 'fast',
    overhead_ms: 5,
    first_token_ms: 100,
    took_ms: 900,
  })
  expect(lines[0]).not.toMatch(/planted|hash-of-key/)
})

it('a sink that the file names is told of a test and says whether it took it', async () => {
  const w = world()
  const tried: string[] = []
  const gateway = { ...w.deps.gateway }
  Object.assign(gateway, {
    config: {
      ...gateway.config,
      observe: {
        sinks: [
          { name: 'otel', told: 'all' },
          { name: 's3_v2', told: 'all' },
        ],
        settings: {},
      },
    },
  })
  Object.assign(w.deps, {
    gateway,
    testSink: (sink: string) => {
      tried.push(sink)
      return sink === 'otel' ? Promise.resolve() : Promise.reject(new Error('storage.test answered 403'))
    },
  })
  expect(await w.get('/health/services?service=otel')).toMatchObject({
    status: 200,
    json: { status: 'success', receivers: [{ receiver: 'sink otel', ok: true }] },
  })
  expect(await w.get('/health/services?service=s3')).toMatchObject({
    status: 502,
    json: { status: 'error', receivers: [{ receiver: 'sink s3_v2', ok: false, error: 'storage.test answered 403' }] },
  })
  expect((await w.get('/health/services?service=langfuse')).status).toBe(404)
  expect((await w.get('/health/services?service=carrier-pigeon')).status).toBe(400)
  expect(tried).toEqual(['otel', 's3_v2'])
})

it('the test is an event like any other, costs nobody anything and says that it is a test', async () => {
  const told: unknown[] = []
  const deliver = async (...given: unknown[]) => void told.push(given)
  await testSink({ deliver }, 'sentry', NOW)
  const [[{ sink, events }, id]] = told as [[{ sink: string; events: Record<string, unknown>[] }, string]]
  expect([sink, events[0]?.id, events[0]?.cost_nano, events[0]?.status]).toEqual(['sentry', id, '0', 'failure'])
  expect(events[0]?.error_message).toContain('A test by the operator')
})
