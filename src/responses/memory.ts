import { KEPT_MS, type KeptResponse, type ResponseStore } from './port.ts'

/** The twin: what it keeps lives as long as the process. */
export function memoryResponses(): ResponseStore {
  const rows = new Map<string, { readonly kept: string; readonly expiresAtMs: number }>()
  const nameOf = (owner: string, id: string) => JSON.stringify([owner, id])
  const alive = (owner: string, id: string, nowMs: number) => {
    const row = rows.get(nameOf(owner, id))
    return row && row.expiresAtMs > nowMs ? row : undefined
  }
  return {
    keep(owner, kept, nowMs) {
      rows.set(nameOf(owner, kept.id), { kept: JSON.stringify(kept), expiresAtMs: nowMs + KEPT_MS })
      return Promise.resolve()
    },
    find(owner, id, nowMs) {
      const row = alive(owner, id, nowMs)
      return Promise.resolve(row && (JSON.parse(row.kept) as KeptResponse))
    },
    forget(owner, id, nowMs) {
      const was = alive(owner, id, nowMs) !== undefined
      rows.delete(nameOf(owner, id))
      return Promise.resolve(was)
    },
  }
}
