import { GatewayError } from '../errors.ts'
import { activeAdminFields } from './active-admin-fields.ts'
import type { AdminArea, Area, Capability } from './capability.ts'
import { inactiveMoney } from './inactive/money.ts'
import { inactiveOthers } from './inactive/others.ts'
import { inactiveRequests } from './inactive/requests.ts'
import { inactiveTenants } from './inactive/tenants.ts'
import { nearestName } from './nearest.ts'

/** Everything that is known and never done, with the reason: no other place calls a name inactive. */
export const capabilities: readonly Capability[] = [
  ...inactiveRequests,
  ...inactiveMoney,
  ...inactiveTenants,
  ...inactiveOthers,
]

/** The `mode`s of models that an operation serves today. */
export const servedModes: readonly string[] = [
  'chat',
  'completion',
  'responses',
  'embedding',
  'image_generation',
  'audio_speech',
  'audio_transcription',
  'moderation',
  'rerank',
  'realtime',
]

/** Whether a value of an inactive name asks for nothing: null, false, empty, or what is the case anyway. */
export function asksForNothing(row: Capability, name: string, value: unknown): boolean {
  return isEmpty(value) || row.alreadySo?.[name]?.(value) === true
}

/**
 * Refuses a body that asks for what the gateway knows and never does: 501 with the field in `param`. Fields it
 * does not know pass, they are the provider's; so do values that ask for nothing.
 */
export function refuseInactive(body: Record<string, unknown>, area: Area): void {
  const inactive = inactiveFields(area)
  for (const [name, value] of Object.entries(body)) {
    refuse(inactive, name, value)
    if (!inactive.parents.has(name) || !isRecord(value)) continue
    for (const [field, inner] of Object.entries(value)) refuse(inactive, `${name}.${field}`, inner)
  }
}

/** The known name nearest to an admin field that does not exist; undefined when it does exist, active or not. */
export function unknownAdminField(area: AdminArea, name: string): string | undefined {
  const known = [...activeAdminFields[area], ...inactiveFields(area).rows.keys()].filter((k) => !k.includes('.'))
  return known.includes(name) ? undefined : nearestName(name, known)
}

interface InactiveFields {
  readonly rows: ReadonlyMap<string, Capability>
  /** Fields that are looked into. */
  readonly parents: ReadonlySet<string>
}

const byArea = new Map<Area, InactiveFields>()
const column = {
  chat: 'chat',
  'admin.key': 'key',
  'admin.team': 'team',
  'admin.member': 'member',
  'admin.organization': 'organization',
  'admin.user': 'user',
  'admin.customer': 'customer',
  'admin.tag': 'tag',
  'admin.budget': 'budget',
} as const satisfies Record<Area, keyof Capability>

/** The table is constant, so this is made once per isolate and never stale. */
function inactiveFields(area: Area): InactiveFields {
  const known = byArea.get(area)
  if (known) return known
  const rows = new Map(capabilities.flatMap((row) => (row[column[area]] ?? []).map((name) => [name, row] as const)))
  const parents = new Set([...rows.keys()].filter((name) => name.includes('.')).map((name) => name.split('.')[0] ?? ''))
  const made = { rows, parents }
  byArea.set(area, made)
  return made
}

function refuse(inactive: InactiveFields, name: string, value: unknown): void {
  const row = inactive.rows.get(name)
  if (!row || asksForNothing(row, name, value)) return
  throw new GatewayError(
    'not_implemented',
    `'${name}' is not done here: ${row.capability}. ${sentence(row.never)} Send the request without it.`,
    { param: name },
  )
}

/** `a, b` as a sentence. */
function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isRecord(value) && Object.keys(value).length === 0
}
