import type { Deployment, Notice } from '../../src/config/config.ts'
import { nearestName } from '../../src/config/nearest.ts'
import { wildcardParts } from '../../src/config/wildcard.ts'
import { shownKey } from '../../src/models/row/secrets.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void

/** Other names for groups, as callers may write them. */
export function aliasesOf(file: ConfigFile, groups: readonly string[], note: Note): Record<string, string> {
  const aliases = Object.entries(file.router_settings?.model_group_alias ?? {})
  return Object.fromEntries(
    aliases.map(([alias, target]) => {
      const group = typeof target === 'string' ? target : target.model
      noteUnknown(group, groups, ['router_settings', 'model_group_alias', alias], note)
      return [alias, group]
    }),
  )
}

export function hiddenAliasesOf(file: ConfigFile): string[] | undefined {
  const aliases = Object.entries(file.router_settings?.model_group_alias ?? {})
  const hidden = aliases.flatMap(([alias, target]) => (typeof target !== 'string' && target.hidden ? [alias] : []))
  return hidden.length === 0 ? undefined : hidden
}

/** A group that has lost every deployment answers 501: whoever deploys should know. */
export function noteEmptyGroups(deployments: readonly Deployment[], note: Note): void {
  for (const [group, members] of Map.groupBy(deployments, (one) => one.group)) {
    if (members.every(({ disabled }) => disabled !== undefined))
      note(
        'notice',
        ['model_list'],
        `the group '${shownKey(group)}' has no deployment that works; its requests get 501`,
      )
  }
}

/** A name that leads nowhere is wrong. */
export function noteUnknownGroups(file: ConfigFile, known: readonly string[], note: Note): void {
  const look = (name: unknown, path: readonly PropertyKey[]) => {
    if (typeof name === 'string') noteUnknown(name, known, path, note)
  }
  for (const section of ['litellm_settings', 'router_settings'] as const) {
    for (const key of ['fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'] as const) {
      for (const [index, rule] of (file[section]?.[key] ?? []).entries()) {
        for (const [from, to] of Object.entries(rule))
          for (const name of from === '*' ? to : [from, ...to]) look(name, [section, key, index])
      }
    }
    for (const name of file[section]?.default_fallbacks ?? []) look(name, [section, 'default_fallbacks'])
  }
  const router = file.router_settings ?? {}
  for (const name of router.hedged_groups ?? []) look(name, ['router_settings', 'hedged_groups'])
  for (const [index, names] of (router.caching_groups ?? []).entries())
    for (const name of names) look(name, ['router_settings', 'caching_groups', index])
  for (const name of Object.keys(router.model_group_retry_policy ?? {}))
    look(name, ['router_settings', 'model_group_retry_policy', name])
  for (const [index, { models = [] }] of (router.routing_groups ?? []).entries())
    for (const name of models) look(name, ['router_settings', 'routing_groups', index, 'models'])
}

function noteUnknown(name: string, known: readonly string[], path: readonly PropertyKey[], note: Note): void {
  if (known.some((group) => group === name || (group.includes('*') && wildcardParts(group, name)))) return
  const near = nearestName(name, known)
  note(
    'warning',
    path,
    `names the group '${shownKey(name)}', which model_list does not have${near ? `; did you mean '${near}'?` : ''}`,
  )
}
