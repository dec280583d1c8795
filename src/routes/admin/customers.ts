import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { changedLimits, newLimits, shownLimits } from './fields.ts'
import { limitsOf } from './limits.ts'
import { page } from './paging.ts'
import { recallAfter } from './recall.ts'
import { shownCustomer } from './shown.ts'

const shown = z.object({
  user_id: z.string(),
  alias: z.string().nullable(),
  allowed_model_region: z.string().nullable(),
  ...shownLimits,
  litellm_budget_table: z.record(z.string(), z.unknown()),
})

/** LiteLLM knows `eu` and `us`; a vendor's own region fits as well. */
const region = name.nullish()

const notFound = (userId: string) =>
  new GatewayError('not_found', `Customer not found, user_id = ${userId}. POST /customer/new makes one.`, {
    type: 'not_found',
    param: 'user_id',
  })

const create = route({
  method: 'POST',
  paths: ['/customer/new', '/end_user/new'],
  access: 'admin',
  tag: 'Customers',
  summary: 'Make a customer, whom requests name in `user`: its limits hold over all keys that serve it.',
  area: 'admin.customer',
  body: z.strictObject({ user_id: name, alias: name.nullish(), allowed_model_region: region, ...newLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const fields = {
      alias: body.alias,
      allowedModelRegion: body.allowed_model_region,
      ...(await limitsOf(body, undefined, { entity: entityName('customer', body.user_id), deps, nowMs })),
    }
    const [customer] = await deps.tenantStore.create('customer', [{ id: [body.user_id], fields }], authorOf(asked))
    if (!customer) throw notFound(body.user_id)
    return shownCustomer(customer, nowMs)
  },
})

const update = route({
  method: 'POST',
  paths: ['/customer/update', '/end_user/update'],
  access: 'admin',
  tag: 'Customers',
  summary: 'Change some fields of a customer; the others stay.',
  area: 'admin.customer',
  body: z.strictObject({ user_id: name, alias: name.nullish(), allowed_model_region: region, ...changedLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const entity = entityName('customer', body.user_id)
    const before = await deps.tenantStore.find('customer', [body.user_id])
    if (!before) throw notFound(body.user_id)
    const changes = {
      alias: body.alias,
      allowedModelRegion: body.allowed_model_region,
      ...(await limitsOf(body, before, { entity, deps, nowMs })),
    }
    const customer = await deps.tenantStore.update('customer', [body.user_id], changes, authorOf(asked))
    if (!customer) throw notFound(body.user_id)
    recallAfter(entity, before, customer, deps)
    return shownCustomer(customer, nowMs)
  },
})

const info = route({
  method: 'GET',
  paths: ['/customer/info', '/end_user/info'],
  access: 'viewer',
  tag: 'Customers',
  summary: 'A customer with its limits and its spend.',
  query: z.strictObject({ end_user_id: name }),
  out: shown,
  async handle({ query, deps, receivedAtMs }) {
    const customer = await deps.tenantStore.find('customer', [query.end_user_id])
    if (!customer) throw notFound(query.end_user_id)
    return shownCustomer(customer, receivedAtMs)
  },
})

const list = route({
  method: 'GET',
  paths: ['/customer/list', '/end_user/list'],
  access: 'viewer',
  tag: 'Customers',
  summary:
    'The customers that somebody made, oldest first, page by page; how many there are stands in `x-total-count`.',
  query: z.strictObject({ page, page_size: z.coerce.number().int().min(1).max(1_000).default(1_000) }),
  out: z.array(shown),
  async handle({ query, deps, receivedAtMs }) {
    const { found, total } = await deps.tenantStore.list('customer', {
      page: query.page,
      size: query.page_size,
      sortBy: 'createdAtMs',
      sortOrder: 'asc',
    })
    const customers = found.map((customer) => shownCustomer(customer, receivedAtMs))
    return Response.json(customers, { headers: { 'x-total-count': String(total) } })
  },
})

const those = z.strictObject({ user_ids: z.array(name).min(1).max(100) })

const deletion = route({
  method: 'POST',
  paths: ['/customer/delete', '/end_user/delete'],
  access: 'admin',
  tag: 'Customers',
  summary: 'Delete customers with their limits. What they spent stays in the log.',
  area: 'admin.customer',
  body: those,
  out: z.object({ deleted_customers: z.number(), message: z.string() }),
  async handle(asked) {
    const { body, deps } = asked
    const ids = [...new Set(body.user_ids)]
    for (const id of ids) if (!(await deps.tenantStore.find('customer', [id]))) throw notFound(id)
    const gone = await deps.tenantStore.remove(
      'customer',
      ids.map((id) => [id]),
      authorOf(asked),
    )
    return { deleted_customers: gone, message: `Successfully deleted customers with ids: ${ids.join(', ')}` }
  },
})

/** Customers need no row to call, so whoever is blocked is made where there is none. */
const blocking = (verb: 'block' | 'unblock', blocked: boolean, summary: string) =>
  route({
    method: 'POST',
    paths: [`/customer/${verb}`, `/end_user/${verb}`],
    access: 'admin',
    tag: 'Customers',
    summary,
    area: 'admin.customer',
    body: those,
    async handle(asked) {
      const { body, deps, receivedAtMs } = asked
      const rows = []
      for (const id of new Set(body.user_ids)) {
        const before = await deps.tenantStore.find('customer', [id])
        const after = before
          ? await deps.tenantStore.update('customer', [id], { blocked }, authorOf(asked))
          : (await deps.tenantStore.create('customer', [{ id: [id], fields: { blocked } }], authorOf(asked)))[0]
        if (!after) throw notFound(id)
        if (before) recallAfter(entityName('customer', id), before, after, deps)
        rows.push(shownCustomer(after, receivedAtMs))
      }
      return { [blocked ? 'blocked_users' : 'unblocked_users']: rows }
    },
  })

export const customerRoutes: readonly Route[] = [
  create,
  update,
  info,
  list,
  deletion,
  blocking('block', true, 'Refuse all requests for these customers: within five seconds everywhere.'),
  blocking('unblock', false, 'Let blocked customers go on.'),
]
