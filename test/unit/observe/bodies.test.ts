import { describe, expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import { GatewayError } from '../../../src/errors.ts'
import { keptBodies } from '../../../src/gateway/kept-bodies.ts'
import { type Bodies, type Bucket, bodiesIn, shownBodies } from '../../../src/observe/bodies.ts'
import { deliver } from '../../../src/observe/deliver.ts'
import { keyRing, sealer } from '../../../src/seal.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const ringOf = (salt: string) => keyRing([sealer(salt, (bytes) => crypto.getRandomValues(bytes))])
const ring = ringOf('salt')
const NOW = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000

/** R2, in memory. */
function bucket(): Bucket & { readonly held: Map<string, string> } {
  const held = new Map<string, string>()
  return {
    held,
    put: async (key, value) => void held.set(key, value),
    get: async (key) => {
      const value = held.get(key)
      return value === undefined ? null : { text: async () => value }
    },
    list: async ({ prefix, limit }) => ({
      objects: [...held.keys()]
        .filter((key) => key.startsWith(prefix))
        .sort()
        .slice(0, limit)
        .map((key) => ({ key })),
    }),
    delete: async (keys) => {
      for (const key of keys) held.delete(key)
    },
  }
}

describe('prompts and answers', () => {
  it('are read by what was kept, and by nobody without the salt key', async () => {
    const r2 = bucket()
    const store = bodiesIn(r2, () => ring)
    const said = { request: 'a planted prompt', response: 'a planted answer' }
    await store.keep('request-a', NOW, said)
    const event = spendEventOf({ id: 'a', received_ms: NOW, start_ms: NOW + DAY_MS })
    expect(await store.of([event, spendEventOf({ id: 'b' })])).toEqual(new Map([['request-a', said]]))
    expect([...r2.held.keys()]).toEqual(['bodies/2026-11-22/request-a'])
    expect([...r2.held.values()].join()).not.toContain('planted')
    expect(await bodiesIn(r2, () => ringOf('other')).of([event])).toEqual(new Map())
    // What lies in another's place does not open there.
    r2.held.set('bodies/2026-11-22/request-c', [...r2.held.values()][0]!)
    expect(await store.of([spendEventOf({ id: 'c', received_ms: NOW })])).toEqual(new Map())
  })

  it('go when their time is over, also thousands of them', async () => {
    const r2 = bucket()
    const store = bodiesIn(r2, () => ring)
    for (let n = 0; n < 2_500; n++) r2.held.set(`bodies/2026-10-0${1 + (n % 9)}/${n}`, '')
    await store.keep('new', NOW, {})
    r2.held.set('elsewhere/2020-01-01/x', '')
    await store.drop(NOW)
    expect([...r2.held.keys()].sort()).toEqual(['bodies/2026-11-22/new', 'elsewhere/2020-01-01/x'])
  })

  it('are shown as JSON where they are whole, and share what a batch may have', () => {
    const shown = shownBodies(
      new Map<string, Bodies>([
        ['a', { request: '[{"role":"user"}]', response: 'data: x' }],
        ['b', { response: 'y'.repeat(600_000) }],
      ]),
    )
    expect(shown.get('a')).toEqual({ messages: [{ role: 'user' }], response: 'data: x' })
    expect(shown.get('b')?.messages).toBeNull()
    expect(String(shown.get('b')?.response)).toHaveLength(125_000)
  })
})

describe('what is kept of a request', () => {
  async function kept(
    body: object,
    headers: Record<string, string> = {},
    answer: BodyInit | null | Error = '{"choices":[]}',
    type = {},
  ) {
    const found: [string, number, Bodies][] = []
    const deferred: Promise<unknown>[] = []
    const store = {
      keep: async (...given: [string, number, Bodies]) => void found.push(given),
      of: async () => new Map(),
      drop: async () => {},
    }
    const call = { requestId: 'r', receivedAtMs: NOW, body, headers: new Headers(headers) }
    const response = await keptBodies(
      { ...call, body: call.body as Record<string, unknown> },
      answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(new Response(answer, { status: 200, headers: { 'x-litellm-call-id': 'r', ...type } })),
      { bodies: store, defer: (_, work) => void deferred.push(work) },
    ).catch((error: unknown) => Response.json({ thrown: String(error) }))
    const text = await response.text()
    await Promise.all(deferred)
    return { found, text, response }
  }
  const asked = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }

  it('is what was asked and what was answered, and the caller has it as it came', async () => {
    const { found, text, response } = await kept(asked)
    expect(found).toEqual([['r', NOW, { request: JSON.stringify(asked.messages), response: '{"choices":[]}' }]])
    expect([text, response.headers.get('x-litellm-call-id')]).toEqual(['{"choices":[]}', 'r'])
    expect((await kept({ input: ['a'] })).found[0]?.[2].request).toBe('["a"]')
  })

  it('is the refusal where the request failed, which its caller gets all the same', async () => {
    const { found, text } = await kept(asked, {}, new GatewayError('upstream_failed', 'The vendor is away.'))
    expect(JSON.parse(found[0]?.[2].response ?? '')).toMatchObject({ error: { message: 'The vendor is away.' } })
    expect(found[0]?.[2].request).toBe(JSON.stringify(asked.messages))
    expect(text).toContain('The vendor is away.')
    const fault = await kept(asked, {}, new Error('connect 10.0.0.1: a planted fault'))
    expect(fault.found[0]?.[2].response).not.toContain('planted')
  })

  it('has no picture and no sound in it', async () => {
    const { found, text } = await kept({ input: 'read this' }, {}, 'sound', { 'content-type': 'audio/mpeg' })
    expect([found[0]?.[2], text]).toEqual([{ request: '"read this"', response: '' }, 'sound'])
  })

  it('is cut where it is long, and never what the caller gets', async () => {
    const long = 'é'.repeat(100_000)
    const { found, text } = await kept({ prompt: long }, {}, long)
    expect(text).toBe(long)
    expect(found[0]?.[2].request?.length).toBe(65_536)
    expect(found[0]?.[2].response?.length).toBeLessThanOrEqual(32_768)
  })

  it.each([
    [{ ...asked, 'no-log': true }, {}],
    [asked, { 'x-litellm-enable-message-redaction': 'true' }],
    [asked, { 'litellm-enable-message-redaction': 'True' }],
  ])('is nothing where the caller wants it so: %o %o', async (body, headers) => {
    expect((await kept(body, headers as Record<string, string>)).found).toEqual([])
  })

  it('leaves out what is to be masked', async () => {
    const mask = (metadata: object) => kept({ ...asked, metadata })
    expect((await mask({ mask_input: true })).found[0]?.[2]).toEqual({ response: '{"choices":[]}' })
    expect((await mask({ mask_output: true })).found[0]?.[2]).toEqual({ request: JSON.stringify(asked.messages) })
  })

  it('is nothing unless the file says that messages are logged', () => {
    const of = (line: string) =>
      buildConfig(
        `model_list: []\nlitellm_settings: { ${line} }\ngeneral_settings: { master_key: os.environ/K, maximum_message_logs_retention_period: 7d }\n`,
        {
          fileName: 'test.yaml',
          target: 'dev',
        },
      ).config.observe?.bodies
    expect(of('callbacks: [otel]')).toBeUndefined()
    expect(of('callbacks: [otel], turn_off_message_logging: true')).toBeUndefined()
    expect(of('turn_off_message_logging: false')).toEqual({ keptMs: 7 * DAY_MS })
  })
})

describe('a sink', () => {
  const event = spendEventOf({ id: 'a', received_ms: NOW })
  const values: Readonly<Record<string, string>> = {
    GENERIC_LOGGER_ENDPOINT: 'https://sink.test/hook',
    LANGFUSE_PUBLIC_KEY: 'pk',
    LANGFUSE_SECRET_KEY: 'x',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://sink.test',
  }
  async function told(sink: string, logs: boolean) {
    const store = bodiesIn(bucket(), () => ring)
    await store.keep('request-a', NOW, { request: '"a planted prompt"', response: 'a planted answer' })
    const sent: string[] = []
    await deliver({ sink, events: [event] }, 'd', {
      variable: (name) => values[name],
      version: 'test',
      clock: () => NOW,
      fetch: (async (_: string, { body }: RequestInit) => {
        sent.push(String(body))
        return Response.json({ successes: [], errors: [] })
      }) as typeof fetch,
      ...(logs ? { bodies: store } : {}),
    })
    return sent.join()
  }

  it.each(['generic_api', 'langfuse'])(
    '%s says what was asked and answered where that is logged, and else not',
    async (sink) => {
      const loud = await told(sink, true)
      expect([loud.includes('a planted prompt'), loud.includes('a planted answer')]).toEqual([true, true])
      expect(await told(sink, false)).not.toContain('planted')
    },
  )

  it('that shows no messages is told none', async () => {
    expect(await told('otel', true)).not.toContain('planted')
  })
})
