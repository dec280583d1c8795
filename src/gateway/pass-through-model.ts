import type { Config, Deployment } from '../config/config.ts'
import { knownModel } from '../config/known-models.ts'
import { allowsModel, mayUse } from '../tenants/access.ts'
import type { Principal } from '../tenants/principal.ts'
import { deploymentsOf, type PassThroughVendor } from './pass-through-account.ts'

/** A vendor's model, as a caller names it. */
export interface NamedModel {
  readonly principal: Principal
  readonly vendor: PassThroughVendor
  readonly model: string
}

/** Whether a caller may use every model, so that what it names need not be known. */
export function mayUseAny(principal: Principal): boolean {
  return allowsModel(principal, 'any model at all')
}

/** Throws where the caller may use the model neither by its own name nor by that of a group which serves it. */
export function mustMayUse({ principal, vendor, model }: NamedModel, config: Config): void {
  const theirs = servedTo({ principal, vendor, model }, config)
  const isAllowed =
    allowsModel(principal, model) ||
    allowsModel(principal, `${vendor.providers[0]}/${model}`) ||
    theirs.some(({ group, accessGroups = [] }) => allowsModel(principal, group, { accessGroups }))
  if (!isAllowed) mayUse(principal, model)
}

/** A team's own deployments are nobody else's: neither their names, nor their prices, nor their budgets. */
function servedTo({ principal, vendor, model }: NamedModel, config: Config): readonly Deployment[] {
  return deploymentsOf(vendor, model, config).filter(
    ({ teamId }) => teamId === undefined || teamId === principal.teamId,
  )
}

/** As what a request counts: the deployment of its model that the caller may use, else what is publicly known of it. */
export function countsAs({ principal, vendor, model }: NamedModel, config: Config): Deployment {
  const listed = servedTo({ principal, vendor, model }, config)
  const same = listed.find((one) => allowsModel(principal, one.group)) ?? listed[0]
  if (same) {
    // What the file changes about requests is not done to one that goes on as it came.
    const { dropParams: _, additionalDropParams: __, allowedOpenaiParams: ___, ...counted } = same
    return { ...counted, params: {} }
  }
  const [provider] = vendor.providers
  const known = vendor.providers
    .map((one) => knownModel(config.knownModels?.[one], model))
    .find((one) => one !== undefined)
  return { mode: 'chat', ...known, id: `pass-through-${vendor.name}`, group: model, provider, model, params: {} }
}
