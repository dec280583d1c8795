import * as z from 'zod'
import type { Config, Deployment } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { GatewayDeps } from '../../gateway/deps.ts'
import { groupFor } from '../../gateway/groups.ts'
import type { StoredModel } from '../../models/port.ts'
import { supportedParams } from '../../providers/supported-params.ts'
import { allowsModel } from '../../tenants/access.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { abilitiesOf, groupsOf, pricesOf, shownModel } from './shown-model.ts'
import { configWith, ofKind, readNow } from './stored.ts'

/** The deployments that the caller may ask. */
function visible(principal: Principal, config: Config): readonly Deployment[] {
  const sees = principal.role === 'proxy_admin' || principal.role === 'proxy_admin_viewer'
  return config.deployments.filter(({ group, teamId, accessGroups = [], optional }) => {
    if (optional || (teamId !== undefined && !sees && teamId !== principal.teamId)) return false
    return allowsModel(principal, group, { target: group, accessGroups })
  })
}

/** Those of now, and the rows of those that are stored. */
async function visibleNow(principal: Principal, deps: AppDeps) {
  const stored = await readNow(deps)
  const rows = new Map<string, StoredModel>(ofKind(stored, 'model').map((row) => [row.id, row]))
  return { all: visible(principal, configWith(stored, deps)), rows }
}

const shown = z.record(z.string(), z.unknown())

const info = route({
  method: 'GET',
  paths: ['/model/info', '/v1/model/info'],
  access: 'key',
  tag: 'Model management',
  summary: 'The deployments that the caller may ask, with prices and abilities, without secrets.',
  query: z.strictObject({ litellm_model_id: name.optional() }),
  out: z.object({ data: z.array(shown) }),
  async handle({ query: { litellm_model_id: id }, principal, deps }) {
    const { all, rows } = await visibleNow(principal, deps)
    const found = all.filter((one) => id === undefined || one.id === id)
    if (id !== undefined && found.length === 0)
      throw new GatewayError('invalid_request', `Model id = ${id} not found on litellm proxy`, {
        param: 'litellm_model_id',
      })
    return { data: found.map((one) => shownModel(one, rows.get(one.id))) }
  },
})

const page = z.coerce.number().int().min(1).max(100_000)

const paged = route({
  method: 'GET',
  paths: ['/v2/model/info'],
  access: 'key',
  tag: 'Model management',
  summary: 'The same by pages.',
  query: z.strictObject({
    model: name.optional(),
    modelId: name.optional(),
    search: name.optional(),
    page: page.default(1),
    size: z.coerce.number().int().min(1).max(500).default(50),
  }),
  async handle({ query, principal, deps }) {
    const { model, modelId, search, page: at, size } = query
    const { all, rows } = await visibleNow(principal, deps)
    const found = all.filter(
      ({ id, group }) =>
        (modelId === undefined || id === modelId) &&
        (model === undefined || group === model) &&
        (search === undefined || group.toLowerCase().includes(search.toLowerCase())),
    )
    return {
      data: found.slice((at - 1) * size, at * size).map((one) => shownModel(one, rows.get(one.id))),
      total_count: found.length,
      current_page: at,
      total_pages: Math.ceil(found.length / size),
      size,
    }
  },
})

const groups = route({
  method: 'GET',
  paths: ['/model_group/info'],
  access: 'key',
  tag: 'Model management',
  summary: 'The groups of models that the caller may ask: vendors, windows, prices, limits, abilities.',
  query: z.strictObject({ model_group: name.optional() }),
  out: z.object({ data: z.array(shown) }),
  handle({ query: { model_group: wanted }, principal, deps }) {
    const found = groupsOf({ ...deps.gateway.config, deployments: visible(principal, deps.gateway.config) })
    return {
      data: [...found]
        .filter(([group]) => wanted === undefined || group === wanted)
        .map(([group, members]) => ({
          ...shownGroup(group, members),
          supported_openai_params: paramsOf(group, principal, deps.gateway),
        })),
    }
  },
})

/** What all of a group's deployments take; a group of many models has no list of its own. */
function paramsOf(group: string, principal: Principal, deps: GatewayDeps): readonly string[] {
  if (isPattern(group)) return []
  const [first = [], ...others] = groupFor(group, principal, deps)
    .candidates.filter(({ deployment }) => deployment.mode !== 'embedding')
    .map(({ provider, target }) => supportedParams(provider, target))
  return first.filter((param) => others.every((list) => list.includes(param)))
}

const isPattern = (group: string) => group.includes('*')

/** As LiteLLM sums a group up: the largest window, the highest price, the sum of the limits. */
function shownGroup(group: string, members: readonly Deployment[]): Record<string, unknown> {
  const most = (numbers: readonly (number | null | undefined)[]) => {
    const known = numbers.filter((one) => typeof one === 'number')
    return known.length === 0 ? null : Math.max(...known)
  }
  const sum = (numbers: readonly (number | undefined)[]) => {
    const known = numbers.filter((one) => one !== undefined)
    return known.length === 0 ? null : known.reduce((total, one) => total + one, 0)
  }
  const prices = members.map(pricesOf)
  return {
    model_group: group,
    providers: [...new Set(members.map(({ provider }) => provider))],
    mode: members[0]?.mode ?? null,
    max_input_tokens: most(members.map((one) => one.maxInputTokens)),
    max_output_tokens: most(members.map((one) => one.maxOutputTokens)),
    input_cost_per_token: most(prices.map((one) => one.input_cost_per_token)),
    output_cost_per_token: most(prices.map((one) => one.output_cost_per_token)),
    rpm: sum(members.map(({ rpm }) => rpm)),
    tpm: sum(members.map(({ tpm }) => tpm)),
    ...abilitiesOf(members),
    configurable_clientside_auth_params: members.flatMap((one) => one.clientsideAuthParams ?? []),
    is_public_model_group: false,
  }
}

export const modelInfoRoutes: readonly Route[] = [info, paged, groups]
