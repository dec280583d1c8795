import type { Config, Deployment, KnownFamily, KnownModel } from '../config/config.ts'
import { withCostTerms } from '../config/cost-terms.ts'
import { knownModel, listedAs, listedVendor } from '../config/known-models.ts'
import type { Price } from '../prices/price.ts'
import type { Stored, StoredPriceList } from './port.ts'
import type { PriceList, PriceLists, Wanted } from './price-lists.ts'
import { priceOver } from './row/pricing.ts'

export function named(name: string, { names, vendors }: Wanted): boolean {
  return names.includes(name) || vendors.includes(name.slice(0, name.indexOf('/')))
}

const isOpenEnded = ({ pricing, model }: Deployment): boolean => pricing?.as === undefined && model.includes('*')

const nameOf = ({ pricing, provider, model }: Deployment): string => pricing?.as ?? listedAs(provider, model)

/** What of a list a config needs: its deployments by name, and everything of vendors whose models only requests will name. */
export function wantedBy({ deployments, knownModels = {} }: Config): Wanted {
  const open = deployments.filter(isOpenEnded).map(({ provider }) => provider)
  return {
    names: [...new Set(deployments.filter((one) => !isOpenEnded(one)).map(nameOf))],
    vendors: [...new Set([...Object.keys(knownModels), ...open].map(listedVendor))],
  }
}

/**
 * A config under a list that was read later: its prices in the place of those that were built in, under what the operator
 * says for a deployment itself, and the config's own terms over all of them. What the list does not have stays as it was.
 */
export function repriced(config: Config, version: string, list: PriceList): Config {
  const { deployments, knownModels = {} } = config
  const open = deployments.filter(isOpenEnded).map(({ provider }) => provider)
  const vendors = [...new Set([...Object.keys(knownModels), ...open])]
  const families = vendors.flatMap((vendor) => {
    const all = familiesUnder(vendor, knownModels[vendor] ?? [], list)
    return all.length === 0 ? [] : [[vendor, all] as const]
  })
  return withCostTerms({
    ...config,
    priceVersion: `${version} over ${config.priceVersion}`,
    deployments: deployments.map((one) => deploymentUnder(one, list)),
    ...(families.length > 0 && { knownModels: Object.fromEntries(families) }),
  })
}

function deploymentUnder(deployment: Deployment, list: PriceList): Deployment {
  const name = nameOf(deployment)
  const listed = !isOpenEnded(deployment) && Object.hasOwn(list, name) ? list[name] : undefined
  if (listed === undefined) return deployment
  const { own = {}, search } = deployment.pricing ?? {}
  const price = listed.price && priceOver(listed.price, own, search)
  return {
    ...limitsOf(listed),
    ...deployment,
    ...(price && { price }),
  }
}

/**
 * What a config knows of listed models' prices beside what its own rows say: of deployments, else of vendors whose models
 * requests name. The dearest, where several know one.
 */
export function knownPrices({ deployments, knownModels = {} }: Config): (name: string) => Price | undefined {
  const prices = new Map<string, Price>()
  for (const one of deployments) {
    if (!one.price || Object.keys(one.pricing?.own ?? {}).length > 0) continue
    const known = prices.get(nameOf(one))
    if (!known || known.input + known.output < one.price.input + one.price.output) prices.set(nameOf(one), one.price)
  }
  return (name) => {
    const vendor = name.slice(0, name.indexOf('/'))
    const families = Object.hasOwn(knownModels, vendor) ? knownModels[vendor] : undefined
    return prices.get(name) ?? knownModel(families, name.slice(vendor.length + 1))?.price
  }
}

/** What is built in knows a model's limits best; the list may know them where nobody else does. */
function limitsOf({ maxInputTokens, maxOutputTokens }: Pick<KnownModel, 'maxInputTokens' | 'maxOutputTokens'>) {
  return {
    ...(maxInputTokens !== undefined && { maxInputTokens }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  }
}

/** The listed models by name, before the built-in families, of which each keeps what else is known of it. */
function familiesUnder(vendor: string, built: readonly KnownFamily[], list: PriceList): readonly KnownFamily[] {
  const prefix = `${listedVendor(vendor)}/`
  const listed = Object.entries(list).flatMap(([name, { price, mode, ...limits }]): KnownFamily[] => {
    if (!name.startsWith(prefix)) return []
    const model = name.slice(prefix.length)
    const known = knownModel(built, model)
    return [{ mode, ...limitsOf(limits), ...known, ...(price && { price }), match: { equals: model } }]
  })
  return [...listed, ...built]
}

/** The latest of the lists that were read. */
export function latestList({ rows }: Pick<Stored, 'rows'>): StoredPriceList | undefined {
  const lists = rows.filter((row) => row.kind === 'price_list')
  return lists.reduce<StoredPriceList | undefined>((last, one) => (last && last.id > one.id ? last : one), undefined)
}

/** A config under the latest list that was read; the same one where none was. */
export async function priced(
  config: Config,
  stored: Pick<Stored, 'rows'>,
  lists: Pick<PriceLists, 'some'>,
): Promise<Config> {
  const latest = latestList(stored)
  const list = latest && (await lists.some(latest.id, wantedBy(config)))
  return latest && list ? repriced(config, latest.version, list) : config
}
