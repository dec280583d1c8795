/** What can have a budget, and what spend is recorded under. */
export type ScopeKind =
  | 'key'
  | 'user'
  | 'team'
  | 'member'
  | 'org'
  | 'customer'
  | 'tag'
  | 'provider'
  | 'deployment'
  | 'global'

/**
 * One limit: an entity over a duration, as the caller's principal knows it. `name` is `kind:id[:model=m]@duration`,
 * the key of `budget`, `budget_window` and `budget_lease` (slices.md §1.1).
 */
export interface Scope {
  readonly name: string
  /** LiteLLM's grammar (`30s 30m 30h 30d 1w 1mo`), or `life` for a window that never ends. */
  readonly duration: string
  /** IANA name; windows of days and longer begin at midnight there. */
  readonly timeZone: string
  /** Milliseconds since the epoch from which a rolling window counts; calendar windows ignore it. */
  readonly anchorMs: number
  /** Whether a budget row stands behind it. Without one it is recorded, never exchanged. */
  readonly limited: boolean
  /** It counts requests to this model alone: a group, or a deployment's model. */
  readonly model?: string
}

/** One window of a scope; `startMs` is a pure function of the clock and the scope. */
export interface Window {
  readonly scope: string
  readonly startMs: number
}

const escaped = (part: string) => part.replace(/[%:@=]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** The name of an entity without a duration: what rate limits and ledgers are named by. */
export function entityName(kind: ScopeKind, id: string): string {
  return `${kind}:${escaped(id)}`
}

/** A user within a team. */
export function memberName(teamId: string, userId: string): string {
  return `member:${escaped(teamId)}:${escaped(userId)}`
}

/** An entity's dealings with one model: what rate limits per model are named by. */
export function modelName(entity: string, model: string): string {
  return `${entity}:model=${escaped(model)}`
}

/** Whose scope it is: `key:0192…` of `key:0192…:model=m@30d`. */
export function entityOf(scope: string): string {
  return scope.replace(/@.*$/, '').replace(/:model=.*$/, '')
}

export function scopeName(entity: string, duration: string, model?: string): string {
  return `${model === undefined ? entity : modelName(entity, model)}@${duration}`
}
