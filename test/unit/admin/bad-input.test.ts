import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memoryAudit } from '../../../src/audit/memory.ts'
import { memoryModels } from '../../../src/models/memory.ts'
import { routes } from '../../../src/routes/table.ts'
import { MASTER, world } from '../routes/world.ts'

const WRITTEN = ['Keys', 'Teams', 'Organizations', 'Users', 'Customers', 'Tags', 'Budgets', 'Model management']
const ADMIN = [...WRITTEN, 'Audit', 'Spend']
const read = routes.flatMap((route) => {
  const shape = (route.method === 'GET' ? route.query : route.body)?.shape ?? {}
  const fields = Object.keys(shape)
  return ADMIN.includes(route.tag) && fields.length > 0 ? [{ route, fields }] : []
})

/** What no field of any route takes, or only some. */
const odd = fc.oneof(
  fc.constantFrom(-1, 1.5, 1e300, true, null, [], {}, '', 'x'.repeat(300), '\0', '\ud800', [[]], [null], {
    a: { b: 1 },
  }),
  fc.constantFrom('30', '0d', '-1d', 'sk-', '../..', "' or 1=1 --", '99999999999999999999d', Number.MAX_SAFE_INTEGER),
  fc.string(),
  fc.integer(),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 }),
  fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxKeys: 3 }),
)

it('what is wrong with a body or a query is refused by the name of its field, and nothing is written', async () => {
  const w = world()
  let written = 0
  const models = memoryModels(
    () => written,
    () => {
      written += 1
    },
  )
  Object.assign(w.deps, { models, builtConfig: w.deps.gateway.config, audit: memoryAudit([]) })
  /** The last change that changed something. */
  const lastChange = async () => [
    (await w.store.generation(0)).changed.findLast(({ ids }) => ids.length > 0)?.number,
    written,
  ]
  const drawn = fc.nat({ max: read.length - 1 }).chain((index) =>
    fc.record({
      index: fc.constant(index),
      body: fc.dictionary(fc.constantFrom(...(read[index]?.fields ?? []), 'no_such_field'), odd, {
        minKeys: 1,
        maxKeys: 4,
      }),
    }),
  )
  let refused = 0
  await fc.assert(
    fc.asyncProperty(drawn, async ({ index, body }) => {
      const route = read[index]?.route
      if (!route) return
      const before = await lastChange()
      const path = route.paths[0].replace(/\{\w+\+?\}/g, 'x')
      const isGet = route.method === 'GET'
      const query = new URLSearchParams(
        Object.entries(body).map(([name, value]): [string, string] => [
          name,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      )
      const said = await w.said(isGet ? `${path}?${query}` : path, {
        method: route.method,
        headers: { authorization: `Bearer ${MASTER}`, 'content-type': 'application/json' },
        ...(isGet ? {} : { body: JSON.stringify(body) }),
      })
      if (said.status === 200) return
      refused += 1
      expect(said.status === 501 || (said.status >= 400 && said.status < 500)).toBe(true)
      const { message, type, param } = said.json.error
      expect([route.paths[0], typeof message, typeof type, typeof param]).toEqual([
        route.paths[0],
        'string',
        'string',
        'string',
      ])
      expect(param).not.toBe('')
      expect(await lastChange()).toEqual(before)
    }),
    { numRuns: 1_500 },
  )
  expect(refused).toBeGreaterThan(1_000)
}, 30_000)
