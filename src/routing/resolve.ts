import type { Config, Deployment } from '../config/config.ts'
import { bySpecificity, deploymentAs, wildcardParts } from '../config/wildcard.ts'

/** What a name stands for. */
export interface Resolved {
  /** The model group as answers, health and logs name it: an exact group, or the wildcard that fitted. */
  readonly group: string
  /** What the name was after every alias: what fits the wildcard, and what a list of allowed models may say. */
  readonly model: string
  /** Whom to choose among, in the file's order; never empty. One that cannot be asked is among them. */
  readonly deployments: readonly Deployment[]
  readonly by: 'group' | 'deployment id' | 'team name' | 'wildcard' | 'default fallback'
}

export interface Asker {
  readonly teamId?: string
  /** Other names for models, of the key and of its team: each map is applied once, in this order. */
  readonly aliases?: readonly Readonly<Record<string, string>>[]
}

/** No model has a longer name, and a search through wildcards takes time by the length. */
const LONGEST_NAME = 512
const nobody: Asker = {}

/**
 * What a caller means by a model's name, in LiteLLM's order: its own aliases, `model_group_alias`, a deployment's id, a
 * group, the name that its team has for one, the most special wildcard (a whole name fits, never its beginning), `*`, the
 * first of `default_fallbacks`; undefined when nothing fits. Deployments of another team do not exist for the caller.
 *
 * For an exact name it is the same value every time, so that what a caller makes of it can be kept by it (a WeakMap). It
 * says nothing of permission: check `asked` with `group` or `model` as its target, and a default fallback like any other.
 */
export function resolve(asked: string, config: Config, { teamId, aliases }: Asker = nobody): Resolved | undefined {
  const index = indexOf(config)
  const model = unaliased(asked, config, aliases)
  const found = exactly(model, index, teamId) ?? fitting(model, index, config, teamId)
  if (found) return found
  const fallback = config.router.defaultFallbacks?.[0]
  if (fallback === undefined) return undefined
  const other = unaliased(fallback, config, undefined)
  const instead = exactly(other, index, teamId) ?? fitting(other, index, config, teamId)
  return instead && { ...instead, by: 'default fallback' }
}

function unaliased(asked: string, { router }: Config, aliases: Asker['aliases']): string {
  let model = asked
  for (const names of aliases ?? []) model = aliasIn(names, model)
  return aliasIn(router.modelGroupAlias, model)
}

function aliasIn(names: Readonly<Record<string, string>>, model: string): string {
  return (Object.hasOwn(names, model) ? names[model] : undefined) ?? model
}

interface Index {
  readonly ids: ReadonlyMap<string, Resolved>
  readonly groups: ReadonlyMap<string, Group>
  /** By team, then by the team's own name. */
  readonly teamNames: ReadonlyMap<string, ReadonlyMap<string, Resolved>>
  /** Groups with a `*`, the most special first. */
  readonly patterns: readonly Group[]
}

interface Group {
  readonly name: string
  readonly open?: Resolved
  /** What teams of their own deployments see: theirs beside the open ones. */
  readonly ofTeam: ReadonlyMap<string, Resolved>
}

function exactly(model: string, { ids, groups, teamNames }: Index, teamId: string | undefined): Resolved | undefined {
  const id = ids.get(model)
  if (id && isFor(id.deployments[0], teamId)) return id
  const own = teamId === undefined ? undefined : teamNames.get(teamId)?.get(model)
  return own ?? seenBy(groups.get(model), teamId)
}

function fitting(model: string, index: Index, config: Config, teamId: string | undefined): Resolved | undefined {
  if (model.length > LONGEST_NAME) return undefined
  for (const pattern of index.patterns) {
    if (wildcardParts(pattern.name, model) === undefined) continue
    const seen = seenBy(pattern, teamId)
    if (seen) {
      const deployments = seen.deployments.map((one) => deploymentAs(one, model, config))
      return { group: pattern.name, model, deployments, by: 'wildcard' }
    }
  }
  return undefined
}

function seenBy(group: Group | undefined, teamId: string | undefined): Resolved | undefined {
  return (teamId === undefined ? undefined : group?.ofTeam.get(teamId)) ?? group?.open
}

function isFor(deployment: Deployment | undefined, teamId: string | undefined): boolean {
  return deployment?.teamId === undefined || deployment.teamId === teamId
}

const indexes = new WeakMap<Config, Index>()

function indexOf(config: Config): Index {
  const before = indexes.get(config)
  if (before) return before
  const made = index(config.deployments)
  indexes.set(config, made)
  return made
}

function index(deployments: readonly Deployment[]): Index {
  const groups = [...Map.groupBy(deployments, ({ group }) => group)].map(([name, members]) => groupOf(name, members))
  const exact = deployments.filter(({ group }) => !group.includes('*'))
  return {
    ids: new Map(exact.map((one) => [one.id, { ...resolved(one.group, [one]), by: 'deployment id' }])),
    groups: new Map(groups.filter(({ name }) => !name.includes('*')).map((group) => [group.name, group])),
    teamNames: teamNames(deployments),
    patterns: groups.filter(({ name }) => name.includes('*')).sort((a, b) => bySpecificity(a.name, b.name)),
  }
}

function groupOf(name: string, members: readonly Deployment[]): Group {
  const open = members.filter(({ teamId }) => teamId === undefined)
  const teams = new Set(members.flatMap(({ teamId }) => teamId ?? []))
  return {
    name,
    ...(open.length > 0 && { open: resolved(name, open) }),
    ofTeam: new Map(
      [...teams].map((team) => [
        team,
        resolved(
          name,
          members.filter((one) => isFor(one, team)),
        ),
      ]),
    ),
  }
}

function teamNames(deployments: readonly Deployment[]): Index['teamNames'] {
  const named = deployments.filter(({ teamId, teamModelName }) => teamId !== undefined && teamModelName !== undefined)
  return new Map(
    [...Map.groupBy(named, ({ teamId }) => teamId ?? '')].map(([team, own]) => [
      team,
      new Map(
        [...Map.groupBy(own, ({ teamModelName }) => teamModelName ?? '')].map(([name, members]) => [
          name,
          { ...resolved(name, members), by: 'team name' as const },
        ]),
      ),
    ]),
  )
}

function resolved(group: string, deployments: readonly Deployment[]): Resolved {
  return { group, model: group, deployments, by: 'group' }
}
