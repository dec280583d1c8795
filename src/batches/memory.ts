import type { VendorObject, VendorObjects } from './port.ts'
import { stageOf } from './stage.ts'

/** The twin: what it knows lives as long as the process. */
export function memoryVendorObjects(): VendorObjects {
  const rows = new Map<string, VendorObject>()
  const nameOf = (vendor: string, id: string) => JSON.stringify([vendor, id])
  const theirs = (owner: string, kind: VendorObject['kind']) =>
    [...rows.values()].filter((row) => row.owner === owner && row.kind === kind)
  const found = (owner: string, kind: VendorObject['kind'], id: string, vendors?: readonly string[]) =>
    theirs(owner, kind).find((row) => row.id === id && (vendors === undefined || vendors.includes(row.vendor)))
  return {
    keep(object) {
      const name = nameOf(object.vendor, object.id)
      const before = rows.get(name)
      const isLate = before !== undefined && stageOf(object.said) < stageOf(before.said)
      if (!isLate) rows.set(name, structuredClone(before ? { ...before, said: object.said } : object))
      return Promise.resolve()
    },
    find: (...of) => Promise.resolve(structuredClone(found(...of))),
    owners(ids, vendors) {
      const named = [...rows.values()].filter(({ id, vendor }) => ids.includes(id) && vendors.includes(vendor))
      return Promise.resolve(named.map(({ id, owner }) => ({ id, owner })))
    },
    list(owner, kind, { vendors, purpose, after, limit, oldestFirst = false }) {
      const sorted = theirs(owner, kind)
        .filter(({ vendor }) => vendors === undefined || vendors.includes(vendor))
        .filter(({ said }) => purpose === undefined || said.purpose === purpose)
        .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))
      const ordered = oldestFirst ? sorted : sorted.toReversed()
      const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
      return Promise.resolve(
        structuredClone(after !== undefined && from === 0 ? [] : ordered.slice(from, from + limit)),
      )
    },
    forget(...of) {
      const row = found(...of)
      return Promise.resolve(row !== undefined && rows.delete(nameOf(row.vendor, row.id)))
    },
    charged(vendor, id, nowMs) {
      const before = rows.get(nameOf(vendor, id))
      if (!before) return Promise.resolve()
      const { opening: _, ...row } = before
      rows.set(nameOf(vendor, id), { chargedAtMs: nowMs, ...row })
      return Promise.resolve()
    },
    dropOld(beforeMs) {
      for (const [name, { kind, chargedAtMs = beforeMs }] of rows)
        if (kind === 'batch' && chargedAtMs < beforeMs) rows.delete(name)
      return Promise.resolve()
    },
    open(limit) {
      const waiting = [...rows.values()].filter(({ opening, chargedAtMs }) => opening && chargedAtMs === undefined)
      return Promise.resolve(structuredClone(waiting.slice(0, limit)))
    },
  }
}
