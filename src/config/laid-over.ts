import type { Config, Deployment } from './config.ts'
import { withCostTerms } from './cost-terms.ts'

/** What lies over a built config: deployments that admins made, names for groups of models, and settings. */
export interface Overlay {
  readonly deployments: readonly Deployment[]
  readonly accessGroups: readonly { readonly name: string; readonly models: readonly string[] }[]
  /** The same config where nothing is set. */
  readonly settings?: (config: Config) => Config
}

/** What runs: the built config with the rows of Postgres laid over it. Without rows it is the built one itself. */
export function laidOver(ofFile: Config, { deployments, accessGroups, settings }: Overlay): Config {
  const built = settings ? settings(ofFile) : ofFile
  if (deployments.length === 0 && accessGroups.length === 0)
    return built.litellm.costTerms === ofFile.litellm.costTerms ? built : withCostTerms(built)
  const named = new Map<string, string[]>()
  for (const { name, models } of accessGroups) {
    for (const model of models) named.set(model, [...(named.get(model) ?? []), name])
  }
  const taken = new Set(built.deployments.map(({ id }) => id))
  const all = [...built.deployments, ...deployments.filter(({ id }) => !taken.has(id))]
  return withCostTerms({
    ...built,
    deployments: all.map((one) => {
      const groups = named.get(one.group)
      return groups ? { ...one, accessGroups: [...new Set([...(one.accessGroups ?? []), ...groups])] } : one
    }),
  })
}
