import type { CacheSettings } from '../config/config.ts'
import type { Principal } from '../tenants/principal.ts'
import { entityName } from '../tenants/scope.ts'

export type CacheWidth = CacheSettings['scope']

/** Who shares an answer with a caller: never more than the operator said, and fewer where the caller belongs to nobody. */
export function scopeOf(
  { keyId, teamId, organizationId }: Pick<Principal, 'keyId' | 'teamId' | 'organizationId'>,
  width: CacheWidth,
): string {
  if (width === 'global') return 'global'
  if (width === 'org' && organizationId !== undefined) return entityName('org', organizationId)
  if (width !== 'key' && teamId !== undefined) return entityName('team', teamId)
  return entityName('key', keyId)
}

interface Asked {
  readonly principal: Pick<Principal, 'keyHash' | 'keyAlias' | 'keyId' | 'teamId' | 'teamAlias' | 'tags'>
  readonly model: string
}

/** How long an answer is kept: what the request says, else the key's, the tags', the team's, the model's, everybody's time. */
export function ttlMs(settings: CacheSettings, { principal, model }: Asked, asked: number | undefined): number {
  if (asked !== undefined) return asked
  const { key, tag, team, model: byModel } = settings.ttlMsBy ?? {}
  const { keyAlias = '', keyHash, keyId, teamId = '', teamAlias = '', tags = [] } = principal
  return (
    named(key, [keyAlias, keyHash, keyId]) ??
    named(tag, tags) ??
    named(team, [teamId, teamAlias]) ??
    named(byModel, [model]) ??
    settings.ttlMs
  )
}

function named(times: Readonly<Record<string, number>> | undefined, names: readonly string[]): number | undefined {
  if (!times) return undefined
  const found = names.find((name) => name !== '' && Object.hasOwn(times, name))
  return found === undefined ? undefined : times[found]
}
