import type { AlertSettings, AlertType } from '../config/alerts.ts'
import type { ModelStore } from '../models/port.ts'
import type { Author, TenantStore } from '../tenants/port.ts'
import type { EntityKind } from '../tenants/record.ts'

interface Change {
  readonly entity: string
  readonly name: string
  readonly by: string
  readonly fields: readonly string[]
}

/** Tells of a change that is written. Waits for nobody. */
export type TellChange = (type: AlertType, change: Change, nowMs: number) => void

type Act = 'created' | 'updated' | 'deleted'

/** The kinds that LiteLLM has alerts of; others are in the audit log. */
const TYPES: Readonly<Partial<Record<EntityKind, Readonly<Record<Act, AlertType>>>>> = {
  key: { created: 'new_virtual_key_created', updated: 'virtual_key_updated', deleted: 'virtual_key_deleted' },
  team: { created: 'new_team_created', updated: 'team_updated', deleted: 'team_deleted' },
  user: { created: 'new_internal_user_created', updated: 'internal_user_updated', deleted: 'internal_user_deleted' },
}
const OF_CHANGES: ReadonlySet<AlertType> = new Set(Object.values(TYPES).flatMap((types) => Object.values(types)))

/** Whether anybody is to be told what admins change. */
export function tellsChanges({ receivers }: AlertSettings): boolean {
  return receivers.some(({ types }) => types.some((type) => OF_CHANGES.has(type)))
}

/** The store of models, with `tell` told of each that is added. */
export function toldOfModels(store: ModelStore, tell: TellChange): ModelStore {
  return {
    ...store,
    async create(row, signature) {
      const made = await store.create(row, signature)
      const { by, nowMs } = signature
      if (made && row.kind === 'model' && 'group' in row)
        tell('new_model_added', { entity: titleOf('new_model_added'), name: String(row.group), by, fields: [] }, nowMs)
      return made
    },
  }
}

/** The store, with `tell` told of each key, team and user that a write made, changed or deleted, once it is written. */
export function toldOfChanges(store: TenantStore, tell: TellChange): TenantStore {
  const told = (kind: EntityKind, act: Act, name: string, { by, nowMs }: Author, fields: object = {}) => {
    const type = TYPES[kind]?.[act]
    if (type) tell(type, { entity: titleOf(type), name, by, fields: setIn(fields) }, nowMs)
  }
  return {
    ...store,
    async create(kind, entities, author, beside) {
      const made = await store.create(kind, entities, author, beside)
      for (const [index, record] of made.entries())
        told(kind, 'created', nameOf(record), author, entities[index]?.fields)
      if (beside?.key) told('key', 'created', nameOf(beside.key.fields), author, beside.key.fields)
      return made
    },
    async update(kind, id, changes, author, beside) {
      const changed = await store.update(kind, id, changes, author, beside)
      if (changed) told(kind, 'updated', nameOf(changed), author, changes)
      return changed
    },
    async regenerateKey(id, token, changes, author) {
      const changed = await store.regenerateKey(id, token, changes, author)
      if (changed) told('key', 'updated', nameOf(changed), author, { ...changes, key: token.keyName })
      return changed
    },
    async deleteKeys(tokens, author) {
      // Afterwards nobody knows their names.
      const known = await Promise.all(tokens.map((token) => store.findKey({ token })))
      const names = new Map(known.flatMap((key) => (key ? [[key.token, nameOf(key)] as const] : [])))
      const gone = await store.deleteKeys(tokens, author)
      for (const token of gone) told('key', 'deleted', names.get(token) ?? token, author)
      return gone
    },
    async remove(kind, ids, author) {
      const known = await Promise.all(ids.map((id) => store.find(kind, id)))
      const count = await store.remove(kind, ids, author)
      for (const record of known) if (record) told(kind, 'deleted', nameOf(record), author)
      return count
    },
  }
}

/** `New Virtual Key Created`. */
const titleOf = (type: AlertType) =>
  type
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')

interface Named {
  readonly keyAlias?: string | null | undefined
  readonly keyName?: string | undefined
  readonly teamAlias?: string | null | undefined
  readonly teamId?: string | null | undefined
  readonly userEmail?: string | null | undefined
  readonly userId?: string | null | undefined
}

/** Of a key its alias, else its last digits; of a team and a person what people call them. */
function nameOf(record: object): string {
  const { keyAlias, keyName, teamAlias, teamId, userEmail, userId }: Named = record
  const isKey = keyName !== undefined
  return (isKey ? (keyAlias ?? keyName) : (teamAlias ?? teamId ?? userEmail ?? userId)) ?? ''
}

/** The names of the fields that a write sets, as admins know them. */
function setIn(fields: object): readonly string[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/_(nano|ms)$/, ''))
}
