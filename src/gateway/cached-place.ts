import { type CacheControls, cacheControlsOf } from '../cache/controls.ts'
import { canonical, type Form, type KeyParts } from '../cache/key.ts'
import { bypass } from '../cache/policy.ts'
import { scopeOf, ttlMs } from '../cache/settings.ts'
import type { CacheSettings } from '../config/config.ts'
import { fields, isFields } from '../dialects/loose-json.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { Principal } from '../tenants/principal.ts'
import { clientHeaders } from './client-headers.ts'
import { type Group, groupFor } from './groups.ts'
import type { Journey } from './journey.ts'
import { bringsOwnAccess } from './own-access.ts'

/** Where a request stands with the cache. */
export interface Place {
  readonly group: Group
  readonly controls: CacheControls
  /** Everything that names its answers but what is asked. */
  readonly parts: KeyParts
  readonly form: Form
  readonly ttlMs: number
  readonly reads: boolean
  readonly stores: boolean
}

/** A request that has nothing to do with the cache. */
export interface Bypass {
  readonly group: Group
  readonly because: string
}

/** Throws as the story would: for a model that does not exist or not for this caller, and for controls it may not use. */
export function placeOf<R extends AnyRequest>(journey: Journey<R>, settings: CacheSettings): Place | Bypass {
  const { call, request, controls: said, deps } = journey
  const { operation, principal, headers, body, dialect } = call
  const { cache, caching } = said
  const controls = cacheControlsOf({
    cache,
    caching,
    header: headers.get('cache-control'),
    defaults: defaultsOf(principal, body.metadata),
    allowed: principal.allowedCacheControls,
  })
  // Also for who passes by: counters are named by groups, and their names are not for callers to choose.
  const group = groupFor(request.model, principal, deps)
  const because = bypass(settings, {
    operation: operation.name,
    temperature: request.temperature,
    ownAccess: bringsOwnAccess(body),
    controls,
  })
  if (because !== undefined) return { group, because }
  if (said.mock !== undefined) return { group, because: 'mock' }
  if (group.candidates.length === 0) return { group, because: 'no deployment' }
  const form = formOf(group)
  const forwards = deps.config.general.forwardClientHeaders === true
  const passed = clientHeaders(headers, { dialect: dialect.name, vendors: dialect.name, forwards })
  const streams = operation.streams(request)
  return {
    group,
    controls,
    form,
    parts: [
      scopeOf(principal, settings.scope),
      settings.namespace ?? '',
      controls.namespace ?? '',
      operation.name,
      ...modelsOf(journey, group),
      form.teams,
      ...boundTo(journey),
      passed ? canonical(passed, form) : '',
    ],
    ttlMs: ttlMs(settings, { principal, model: group.name }, controls.ttlMs),
    reads: !controls.noCache && (settings.streams || !streams),
    stores: !controls.noStore,
  }
}

/** What the answer is asked of: a model, or for chats all that the operator has answer for each other. */
function modelsOf<R extends AnyRequest>({ call, request, deps }: Journey<R>, { name }: Group): readonly string[] {
  const alike =
    call.operation.name === 'chat' && deps.config.router.cachingGroups?.find((names) => names.includes(name))
  return alike ? [JSON.stringify(alike), ''] : [name, request.model]
}

/** What leaves some deployments of the group out for this request: their answers are not for who may not ask them. */
function boundTo<R extends AnyRequest>({ call: { principal }, controls, deps }: Journey<R>): readonly string[] {
  const { tagFiltering } = deps.config.router
  const tags = tagFiltering && principal.tags ? [...principal.tags].sort() : []
  return [principal.region ?? controls.region ?? '', JSON.stringify(tags)]
}

/** A request's own `metadata.cache` counts like the key's, and before it, where the key may say everything. */
function defaultsOf({ metadata, allowedCacheControls }: Principal, asked: unknown): unknown {
  const own = allowedCacheControls ? undefined : fields(asked).cache
  return isFields(own) ? own : metadata.cache
}

interface GroupForm extends Form {
  /** Whose deployments these are: teams see different ones under one name. */
  readonly teams: string
}

const forms = new WeakMap<Group, GroupForm>()

function formOf(group: Group): GroupForm {
  const known = forms.get(group)
  if (known) return known
  const deployments = group.candidates.map(({ deployment }) => deployment)
  const made = {
    setElsewhere: new Set(deployments.flatMap(({ params }) => Object.keys(params))),
    openais: deployments.every(({ provider }) => provider === 'openai' || provider === 'azure'),
    teams: [...new Set(deployments.flatMap(({ teamId }) => teamId ?? []))].sort().join('\n'),
  }
  forms.set(group, made)
  return made
}
