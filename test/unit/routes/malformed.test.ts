import fc from 'fast-check'
import { expect, it } from 'vitest'
import { routes } from '../../../src/routes/table.ts'
import { chat, MASTER, world } from './world.ts'

const posts = routes
  .filter(({ method }) => method === 'POST')
  .flatMap(({ paths }) => paths.map((path) => path.replace(/\{\w+\+?\}/g, 'small')))
const gets = [
  '/v1/models',
  '/v1/models/nothing',
  '/key/info',
  '/key/list',
  '/team/info',
  '/organization/info',
  '/spend/logs/v2',
]
const fieldNames = [
  ...new Set(
    routes.flatMap(({ body, query }) => [...Object.keys(body?.shape ?? {}), ...Object.keys(query?.shape ?? {})]),
  ),
  'messages',
  'model',
  'stream',
  'max_tokens',
  'n',
  'tools',
  'user',
  'aliases',
  'spend',
  '__proto__',
  'constructor',
  'toString',
]

/** Values that nobody would send on purpose. */
const odd = fc.oneof(
  fc.constantFrom(
    null,
    true,
    -1,
    0,
    1e308,
    Number.MAX_SAFE_INTEGER,
    2 ** 31,
    0.1,
    '',
    ' ',
    '\0',
    '\ud800',
    'x'.repeat(5_000),
    [],
    {},
    [[]],
    '999999999mo',
    '0d',
    '-1',
  ),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 4 }),
)
const object = fc.dictionary(fc.oneof(fc.constantFrom(...fieldNames), fc.string()), odd, { maxKeys: 6 })
const deep = fc.integer({ min: 65, max: 20_000 }).map((n) => `{"messages":${'['.repeat(n)}${']'.repeat(n)}}`)
const broken = fc.tuple(fc.json(), fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)))

const body: fc.Arbitrary<BodyInit> = fc.oneof(
  { weight: 6, arbitrary: object.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: object.map((value) => JSON.stringify({ ...chat, ...value })) },
  { weight: 1, arbitrary: broken },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)) },
  { weight: 1, arbitrary: fc.constant('x'.repeat(20_000)) },
  { weight: 1, arbitrary: fc.constant('{"a":1e999,"max_budget":1e999}') },
)

const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 -_.:;,/="%&é'), maxLength: 60 })
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'content-encoding',
    'content-length',
    'x-request-id',
    'x-litellm-call-id',
    'litellm-changed-by',
    'origin',
    'accept',
    'x-stainless-lang',
    'cf-connecting-ip',
  ),
  headerText,
  { maxKeys: 3 },
)
const credentials = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ authorization: `Bearer ${MASTER}` }) },
  fc.constant({}),
  fc.record({ authorization: headerText }),
  fc.record({ 'x-api-key': headerText.map((text) => `sk-${text}`), authorization: headerText }, { requiredKeys: [] }),
)
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(...fieldNames),
      fc.oneof(fc.string(), fc.constantFrom('%00', '%ED%A0%80', '%', '0000-01-01', '9'.repeat(400), 'true')),
    ),
    { maxLength: 3 },
  )
  .map((pairs) =>
    pairs.length === 0
      ? ''
      : `?${pairs.map(([name, value]) => `${name}=${value.startsWith('%') ? value : encodeURIComponent(value.toWellFormed())}`).join('&')}`,
  )
const target = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('POST'), fc.constantFrom(...posts)) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant('GET'),
      fc.tuple(fc.constantFrom(...gets), query).map(([p, q]) => p + q),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom('POST', 'GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'),
      fc.oneof(
        fc.constantFrom(...posts, ...gets),
        fc.webPath().map((p) => `/${p}`),
      ),
    ),
  },
)

/** Good by accident is fine (a key with an odd alias); a fault of ours, or a refusal without words, is not. */
it('2,000 malformed requests are refused in words, and the gateway serves on', { timeout: 120_000 }, async () => {
  const w = world({ maxRequestBytes: 10_000 })
  const seen = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(target, headers, credentials, body, async ([method, where], extra, who, what) => {
      const all = new Headers()
      for (const [name, value] of Object.entries({ 'content-type': 'application/json', ...extra, ...who })) {
        all.set(name, value.replace(/[^\x20-\xff]/g, '').trim())
      }
      const bodyless = method === 'GET' || method === 'HEAD'
      const response = await w.fetched(where, { method, headers: all, ...(bodyless ? {} : { body: what }) })
      const text = await response.text()
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
      if (response.status < 400) return
      // 501 is an answer to a known field that is never active, not a fault.
      expect([4, 501], text).toContain(response.status === 501 ? 501 : Math.floor(response.status / 100))
      expect(response.headers.get('x-litellm-call-id')).toBeTruthy()
      if (method === 'HEAD') return
      const { error } = JSON.parse(text)
      expect(error).toMatchObject({ message: expect.stringMatching(/\S/) })
      // Google's shape has a status and a number; OpenAI's and Anthropic's have a type and a code.
      if (typeof error.status === 'string') expect(error).toMatchObject({ code: response.status })
      else expect(error).toMatchObject({ type: expect.any(String), code: expect.any(String) })
      expect(text).not.toContain(MASTER)
    }),
    { numRuns: 2_000, seed: 20_261_122 },
  )
  const refused = [...seen].filter(([status]) => status >= 400 && status < 500)
  expect(refused.map(([status]) => status)).toEqual(expect.arrayContaining([400, 401, 404, 405, 413, 415]))
  expect(refused.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(1_500)
  expect((await w.post('/v1/chat/completions', chat)).status).toBe(200)
})
