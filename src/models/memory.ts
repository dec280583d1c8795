import {
  CONFIG_NAME,
  type ModelStore,
  type Signature,
  type StoredFields,
  type StoredKind,
  type StoredRow,
} from './port.ts'

/** The twin of the store in Postgres. `raised` hears what each write changed. */
export function memoryModels(generation: () => number, raised: (names: readonly string[]) => void): ModelStore {
  const rows = new Map<string, StoredRow>()
  const nameOf = (kind: StoredKind, id: string) => JSON.stringify([kind, id])

  function write<K extends StoredKind>(fields: StoredFields<K>, before: StoredRow | undefined, by: Signature): true {
    const signed = {
      createdAtMs: before?.createdAtMs ?? by.nowMs,
      createdBy: before?.createdBy ?? by.by,
      updatedAtMs: by.nowMs,
      updatedBy: by.by,
    }
    const kept = before && 'secret' in before && 'secret' in fields && fields.secret === undefined
    // The fields of a kind and who signed them are that kind's row.
    const row = { ...fields, ...(kept ? { secret: before.secret } : {}), ...signed } as unknown as StoredRow
    rows.set(nameOf(row.kind, row.id), structuredClone(row))
    return true
  }

  const told = (isDone: boolean): Promise<boolean> => {
    if (isDone) raised([CONFIG_NAME])
    return Promise.resolve(isDone)
  }

  return {
    read: (nowMs) =>
      Promise.resolve({ rows: structuredClone([...rows.values()]), generation: generation(), readAtMs: nowMs }),
    create: (fields, by) => told(rows.has(nameOf(fields.kind, fields.id)) ? false : write(fields, undefined, by)),
    replace: (fields, by) => {
      const before = rows.get(nameOf(fields.kind, fields.id))
      return told(before ? write(fields, before, by) : false)
    },
    set: (changes, by) => {
      for (const { id, value } of changes) {
        if (value === null) rows.delete(nameOf('setting', id))
        else write<'setting'>({ kind: 'setting', id, value }, rows.get(nameOf('setting', id)), by)
      }
      raised([CONFIG_NAME])
      return Promise.resolve()
    },
    remove: (kind, id) => {
      return told(rows.delete(nameOf(kind, id)))
    },
  }
}
