import { servedModes } from './capabilities.ts'
import type { Config, Deployment, NameMatch } from './config.ts'
import { knownModel } from './known-models.ts'

/** What stands for each `*` of the pattern in the name; undefined when the name does not fit as a whole. */
export function wildcardParts(pattern: string, name: string): readonly string[] | undefined {
  return expressionOf(pattern).exec(name)?.slice(1)
}

const expressions = new Map<string, RegExp>()

/** Patterns come from the file, so there are few. */
function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern)
  if (known) return known
  const escaped = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const made = new RegExp(`^${escaped.join('(.*)')}$`, 's')
  expressions.set(pattern, made)
  return made
}

/** The more a pattern says, the earlier it is asked: by its letters, then by fewer stars. */
export function bySpecificity(a: string, b: string): number {
  const letters = (pattern: string) => pattern.replaceAll('*', '').length
  return letters(b) - letters(a) || a.split('*').length - b.split('*').length
}

/**
 * The deployment of a wildcard as it serves one model: under the name that was asked for, with the vendor's model, and
 * with the list price and limits where the built prices have them. The id stays the row's. Without a price, callers that
 * have a budget are refused, as ever.
 */
export function deploymentAs(deployment: Deployment, modelName: string, config: Config): Deployment {
  const model = filled(deployment, modelName)
  const known = knownModel(config.knownModels?.[deployment.provider], model)
  const mode = deployment.mode === 'chat' ? (known?.mode ?? deployment.mode) : deployment.mode
  const disabled =
    deployment.disabled ??
    (servedModes.includes(mode) ? undefined : `it is a model for '${mode}', which is not served yet`)
  return {
    ...known,
    ...deployment,
    mode,
    group: modelName,
    model,
    ...(known?.supports && { supports: { ...known.supports, ...deployment.supports } }),
    ...(disabled !== undefined && { disabled }),
  }
}

/** The names under a wildcard that the built prices have by name, and that are served: what a list of models can show. */
export function knownNames({ group, provider, model }: Deployment, config: Config): readonly string[] {
  const families = config.knownModels?.[provider] ?? []
  const served = families.filter(({ mode }) => servedModes.includes(mode))
  const names = new Set(served.flatMap(({ match }) => namedBy(match)))
  return [...names].flatMap((name) => {
    const parts = wildcardParts(model, name)
    if (!parts || parts.length !== group.split('*').length - 1) return []
    return [group.split('*').reduce((text, rest, index) => `${text}${parts[index - 1] ?? ''}${rest}`)]
  })
}

function namedBy(match: NameMatch): readonly string[] {
  if ('or' in match) return match.or.flatMap(namedBy)
  return 'equals' in match ? [match.equals] : []
}

/** The vendor's model: its own stars, from the last, stand for what those of the group stand for. */
function filled({ group, provider, model }: Deployment, modelName: string): string {
  const stars = model.split('*').length - 1
  if (stars === 0) return model
  const parts = wildcardParts(group, modelName) ?? [modelName]
  const used = parts.slice(-stars)
  const name = model.split('*').reduce((text, rest, index) => `${text}${used[index - 1] ?? ''}${rest}`)
  // Whoever asks a catch-all may name the vendor or not.
  return group === '*' && model === '*' && name.startsWith(`${provider}/`) ? name.slice(provider.length + 1) : name
}
