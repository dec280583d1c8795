import { neonModels } from '../../src/models/neon.ts'
import type { Fields, StoredFields, StoredKind, StoredRow } from '../../src/models/port.ts'
import type { KeyRing } from '../../src/seal.ts'
import { IMPORTER, type Into } from './apply.ts'
import { counted } from './report.ts'
import { secretBox } from './secret-box.ts'
import type { Source } from './source.ts'
import { canonical, id, object, strings } from './values.ts'

export interface Salts {
  /** Undefined where no salt key is known: what is sealed is refused. */
  readonly from: string | undefined
  readonly ring: () => KeyRing
}

type Imported = { [K in Exclude<StoredKind, 'setting'>]: StoredFields<K> }[Exclude<StoredKind, 'setting'>]

/** Access groups, credentials and models: opened with the old salt key, sealed with the new. */
export async function applyStored(source: Source, { from, ring }: Salts, into: Into): Promise<void> {
  const { db, report, nowMs, dryRun } = into
  const store = neonModels(db, ring)
  const signature = { by: IMPORTER, nowMs }
  const open = from === undefined ? () => undefined : secretBox(from)
  const { rows } = await store.read(nowMs)
  const found = new Map(rows.map((row) => [`${row.kind} ${row.id}`, row]))

  for (const row of source.AccessGroupTable) {
    const models = strings(row.access_model_names)
    await put({ kind: 'access_group', id: id(row, 'access_group_name'), models })
  }
  for (const row of source.CredentialsTable) {
    const secret = opened(`credential ${id(row, 'credential_name')}`, row.credential_values)
    const info = object(row.credential_info) as Fields
    if (secret) await put({ kind: 'credential', id: id(row, 'credential_name'), info, secret })
  }
  for (const row of source.ProxyModelTable) {
    const name = `model ${id(row, 'model_id')} (${id(row, 'model_name')})`
    if (row.blocked === true) {
      report.refused.push(`${name}: it is blocked there`)
      continue
    }
    const secret = opened(name, row.litellm_params)
    const info = object(row.model_info) as Fields
    if (secret) await put({ kind: 'model', id: id(row, 'model_id'), group: id(row, 'model_name'), info, secret })
  }

  function opened(name: string, values: unknown): Fields | undefined {
    const plain: Record<string, unknown> = {}
    for (const [field, value] of Object.entries(object(values))) {
      const text = typeof value === 'string' ? open(value) : value
      if (text === undefined) {
        const why = from === undefined ? 'no salt key was given' : 'sealed with another salt key'
        report.refused.push(
          `${name}: ${field} cannot be opened, ${why}. Give --salt-key-from the variable that has it.`,
        )
        return undefined
      }
      plain[field] = text
    }
    return plain as Fields
  }

  async function put(fields: Imported): Promise<void> {
    const before = found.get(`${fields.kind} ${fields.id}`)
    const same =
      before && Object.entries(fields).every(([field, value]) => canonical(value) === canonical(fieldOf(before, field)))
    if (before && !same && before.updatedBy !== IMPORTER) {
      report.kept.push(`${fields.kind} ${fields.id} differs`)
      return
    }
    if (!dryRun && !before) await store.create<Imported['kind']>(fields, signature)
    if (!dryRun && before && !same) await store.replace<Imported['kind']>(fields, signature)
    counted(report, fields.kind, before ? (same ? 'same' : 'updated') : 'created')
  }
}

const fieldOf = (row: StoredRow, field: string) => (row as unknown as Readonly<Record<string, unknown>>)[field]
