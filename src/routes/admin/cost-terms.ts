import * as z from 'zod'
import type { Json } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import { costDiscounts, costMargins } from '../../models/row/cost-terms.ts'
import { settingId } from '../../models/settings.ts'
import { providers } from '../../providers/registry.ts'
import { type Route, route } from '../route.ts'
import { authorOf } from './author.ts'
import { find, readNow, storeOf } from './stored.ts'

const tag = 'Model management'

/** Routes of one of the two tables: what holds, and another in its place. */
function routesOf(
  name: 'cost_discount_config' | 'cost_margin_config',
  {
    field,
    also,
    summary,
  }: { readonly field: 'discounts' | 'margins'; readonly also: readonly string[]; readonly summary: string },
): readonly Route[] {
  const values = name === 'cost_discount_config' ? costDiscounts : costMargins
  const id = settingId('litellm_settings', name)
  return [
    route({
      method: 'GET',
      paths: [`/config/${name}`],
      access: 'viewer',
      tag,
      summary,
      out: z.object({ values: z.record(z.string(), z.unknown()) }),
      async handle({ deps }) {
        const stored = find(await readNow(deps), 'setting', id)?.value
        return { values: stored ?? (deps.builtConfig ?? deps.gateway.config).litellm.costTerms?.[field] ?? {} }
      },
    }),
    route({
      method: 'PATCH',
      paths: [`/config/${name}`],
      access: 'admin',
      tag,
      summary: `The same, in the place of what was there; it holds within five seconds.`,
      body: z.looseObject({}),
      out: z.object({ message: z.string(), status: z.literal('success'), values: z.record(z.string(), z.unknown()) }),
      async handle(asked) {
        const { success, data, error } = values.safeParse(asked.body)
        const [issue] = error?.issues ?? []
        const unknown = Object.keys(data ?? {}).find((one) => !also.includes(one) && !Object.hasOwn(providers, one))
        const why = unknown === undefined ? (issue?.message ?? 'expected a mapping') : 'names no vendor of this gateway'
        if (!success || unknown !== undefined) {
          const param = unknown ?? issue?.path.map(String).join('.') ?? name
          throw new GatewayError('invalid_request', `${param}: ${why}`, { param })
        }
        await storeOf(asked.deps).set([{ id, value: data as Json }], authorOf(asked))
        return { message: `${name} updated successfully`, status: 'success' as const, values: data }
      },
    }),
  ]
}

export const costTermsRoutes: readonly Route[] = [
  ...routesOf('cost_discount_config', {
    field: 'discounts',
    also: [],
    summary: 'What is taken off the prices of vendors: a part of one for each.',
  }),
  ...routesOf('cost_margin_config', {
    field: 'margins',
    also: ['global'],
    summary:
      'What is put on the prices of vendors: a part of one, a fixed amount in USD, or both; `global` is for the rest.',
  }),
]
