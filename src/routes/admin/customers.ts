import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { changedLimits, newLimits, shownLimits } from './fields.ts'
import { limitsOf } from './limits.ts'
import { recallAfter } from './recall.ts'
import { shownCustomer } from './shown.ts'

const shown = z.object({
  user_id: z.string(),
  alias: z.string().nullable(),
  ...shownLimits,
  litellm_budget_table: z.record(z.string(), z.unknown()),
})

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
  body: z.strictObject({ user_id: name, alias: name.nullish(), ...newLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const fields = {
      alias: body.alias,
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
  body: z.strictObject({ user_id: name, alias: name.nullish(), ...changedLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const entity = entityName('customer', body.user_id)
    const before = await deps.tenantStore.find('customer', [body.user_id])
    if (!before) throw notFound(body.user_id)
    const changes = { alias: body.alias, ...(await limitsOf(body, before, { entity, deps, nowMs })) }
    const customer = await deps.tenantStore.update('customer', [body.user_id], changes, authorOf(asked))
    if (!customer) throw notFound(body.user_id)
    recallAfter(entity, before, customer, deps)
    return shownCustomer(customer, nowMs)
  },
})

const info = route({
  method: 'GET',
  paths: ['/customer/info', '/end_user/info'],
  access: 'admin',
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

export const customerRoutes: readonly Route[] = [create, update, info]
