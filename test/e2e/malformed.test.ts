import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MASTER_KEY, useGateway } from '../support/gateway.ts'

interface Malformed {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Buffer
}

const chat = '/v1/chat/completions'
const json = { 'content-type': 'application/json' }
const good = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)

/** Values of the wrong type for every field that the gateway reads. */
const wrong = {
  model: fc.constantFrom<unknown>(null, 7, '', [], {}, true, 'no-such-model', '\u0000', 'x'.repeat(10_000)),
  messages: fc.constantFrom<unknown>(
    null,
    'Hello',
    [],
    {},
    7,
    [null],
    ['Hello'],
    [{}],
    [{ role: 7 }],
    [{ role: 'user', content: 7 }],
    [{ role: 'user', content: [{}] }],
    [{ role: '', content: '' }],
  ),
  stream: fc.constantFrom<unknown>('true', 1, {}, []),
  stream_options: fc.constantFrom<unknown>('all', 1, { include_usage: 'yes' }),
  max_tokens: fc.constantFrom<unknown>('10', -1, 0, 1.5, 1e99, {}, []),
  max_completion_tokens: fc.constantFrom<unknown>('10', -1, 0, {}, []),
  n: fc.constantFrom<unknown>(0, -3, '2', 1.5, {}),
  user: fc.constantFrom<unknown>(7, {}, []),
  metadata: fc.constantFrom<unknown>('x', 7, []),
  tools: fc.constantFrom<unknown>('x', 7, {}, [7], [null]),
}

const wrongField = fc
  .constantFrom(...(Object.keys(wrong) as (keyof typeof wrong)[]))
  .chain((field) => fc.tuple(fc.constant(field), wrong[field]))
  .filter(([field, value]) => !(value === null && field !== 'model' && field !== 'messages'))

const malformed: fc.Arbitrary<Malformed> = fc.oneof(
  // Broken JSON, and JSON that is no object.
  fc
    .oneof(
      fc.string({ maxLength: 200 }).filter((text) => !isObject(text)),
      fc.nat({ max: 60 }).map((cut) => JSON.stringify(good).slice(0, cut)),
      fc.constantFrom('[]', '7', '"x"', 'null', '{"a":1}{"b":2}', "{'a':1}", '{"a":NaN}', '\ufeff{', '{"a":"\ud800'),
    )
    .map((text) => ({ method: 'POST', path: chat, headers: json, body: bytes(text) })),
  // Wrong types.
  wrongField.map(([field, value]) => ({
    method: 'POST',
    path: chat,
    headers: json,
    body: bytes({ ...good, [field]: value }),
  })),
  // Too deep, too large.
  fc.constantFrom(200, 5_000, 100_000).map((depth) => ({
    method: 'POST',
    path: chat,
    headers: json,
    body: bytes(`{"model":"gpt-4o-mini","messages":[{"role":"user","content":"x"}],"deep":${nested(depth, '[', ']')}}`),
  })),
  fc.constantFrom('{"a":', '[', '{"').map((unit) => ({
    method: 'POST',
    path: chat,
    headers: json,
    body: bytes(unit.repeat(20_000)),
  })),
  // Odd encodings.
  fc
    .constantFrom(
      Buffer.from(JSON.stringify(good), 'utf16le'),
      Buffer.from([0xff, 0xfe, 0x7b, 0x00]),
      Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc3, 0x28, 0xa0]), Buffer.from('","messages":[]}')]),
      Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0x00]),
      Buffer.alloc(1000),
    )
    .map((body) => ({ method: 'POST', path: chat, headers: json, body })),
  fc
    .constantFrom('text/plain', 'multipart/form-data', 'application/xml', 'application/json; charset=utf-16')
    .map((type) => ({
      method: 'POST',
      path: chat,
      headers: { 'content-type': type },
      body: bytes(good),
    })),
  // Keys that are missing, wrong, odd.
  fc
    .oneof(
      fc.constantFrom<Record<string, string>>(
        { authorization: '' },
        { authorization: 'Bearer' },
        { authorization: 'Bearer  ' },
        { authorization: 'Basic !!!' },
        { authorization: 'Bearer sk-' },
        { authorization: `Bearer sk-${'a'.repeat(5_000)}` },
        { authorization: "Bearer sk-' or 1=1 --" },
        { 'x-api-key': 'nope' },
        { 'x-litellm-api-key': 'Bearer ' },
        { 'x-goog-api-key': 'sk-x' },
      ),
      fc.stringMatching(/^[!-~]{1,60}$/).map((key) => ({ authorization: `Bearer ${key}` })),
    )
    .map((headers) => ({
      method: 'POST',
      path: chat,
      headers: { ...json, authorization: '', ...headers },
      body: bytes(good),
    })),
  // Paths and methods that are not there, query tricks, header tricks.
  fc.constantFrom('GET', 'PUT', 'DELETE', 'PATCH').map((method) => ({
    method,
    path: chat,
    headers: {},
    body: Buffer.alloc(0),
  })),
  fc
    .constantFrom(
      '/v1/nothing',
      '/v1//chat/completions',
      '/..%2f..%2fetc/passwd',
      '/key/info?key=a&key=b',
      '/key/list?size=-1',
      '/key/list?page=1e9',
      '/spend/logs/v2',
      '/spend/logs/v2?start_date=x&end_date=y',
      '/v1/models/%00',
      '/key/info?key=%ff',
    )
    .map((path) => ({ method: 'GET', path, headers: {}, body: Buffer.alloc(0) })),
  fc
    .constantFrom<Record<string, string>>(
      { 'x-forwarded-host': 'evil.test', host: 'evil.test' },
      { 'x-litellm-call-id': '<script>' },
      { 'x-request-id': 'a'.repeat(4_000) },
      { 'content-encoding': 'gzip' },
      { accept: 'text/html', 'accept-encoding': 'br;q=0' },
      { traceparent: '00-zz-zz-zz' },
    )
    .map((headers) => ({
      method: 'POST',
      path: chat,
      headers: { ...json, ...headers },
      body: bytes('{'),
    })),
  // Admin bodies.
  fc
    .tuple(
      fc.constantFrom('/key/generate', '/key/update', '/key/delete', '/key/block', '/team/new', '/organization/new'),
      fc.constantFrom<unknown>(
        { max_budget: 'lots' },
        { max_budget: -1 },
        { max_budget: 1e300 },
        { budget_duration: '3 fortnights' },
        { rpm_limit: 1.5 },
        { tpm_limit: -2 },
        { models: 'gpt-4o' },
        { metadata: [] },
        { key: 7 },
        { keys: 'x' },
        { keys: [] },
        { duration: 'x' },
        { team_id: { $ne: null } },
        { team_id: 'no such team' },
        { max_bugdet: 1 },
        { organization_id: '\u0000' },
        { blocked: 'yes' },
      ),
    )
    .map(([path, body]) => ({ method: 'POST', path, headers: json, body: bytes(body) }))
    // A team may have any name.
    .filter(({ path, body }) => !(path === '/team/new' && body.includes('no such team'))),
)

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

describe('2,000 malformed requests', () => {
  const gateway = useGateway()
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })

  async function send(one: Malformed): Promise<{ status: number; text: string }> {
    const { hostname, port } = new URL(gateway().url())
    const sent = request({
      agent,
      hostname,
      port,
      method: one.method,
      path: one.path,
      headers: { authorization: `Bearer ${MASTER_KEY}`, ...one.headers, 'content-length': String(one.body.length) },
    })
    sent.end(one.body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part as Buffer)
    return { status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }
  }

  it('each get a 4xx in OpenAI’s shape with a clear message, none a 5xx, and the gateway serves on', async () => {
    let sent = 0
    const result = await fc.check(
      fc.asyncProperty(fc.array(malformed, { minLength: 20, maxLength: 20 }), async (batch) => {
        const answers = await Promise.all(batch.map(send))
        sent += answers.length
        answers.forEach(({ status, text }, n) => {
          const what = `${batch[n]!.method} ${batch[n]!.path} → ${status} ${text.slice(0, 300)}`
          expect(status, what).toBeGreaterThanOrEqual(400)
          expect(status, what).toBeLessThan(500)
          const { error } = JSON.parse(text) as { error: { message: unknown; type: unknown; code: unknown } }
          expect(typeof error.message === 'string' && error.message.length > 10, what).toBe(true)
          expect(typeof error.type, what).toBe('string')
          expect(typeof error.code, what).toBe('string')
          expect(text, what).not.toMatch(/ at .*\.ts|node_modules|stack/i)
        })
      }),
      { numRuns: 100, seed: 20_261_122, endOnFailure: true },
    )
    // The requests themselves are too long to print; the assertion names the one at fault.
    if (result.failed) throw result.errorInstance
    expect(sent).toBe(2_000)
    const { key } = await gateway().key()
    const answer = await gateway()
      .openai(key)
      .chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
    expect(answer.choices[0]!.message.content).toContain('Hello')
  }, 120_000)
})
