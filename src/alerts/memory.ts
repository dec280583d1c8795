import type { AlertBook, Letter } from './port.ts'

interface Kept extends Letter {
  readonly raisedMs: number
  nextMs: number
  claimedUntilMs: number
  attempts: number
  sentMs: number | undefined
}

const keyOf = ({ id, receiver }: Pick<Letter, 'id' | 'receiver'>) => JSON.stringify([id, receiver])
const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** The twin of `neonAlerts`. */
export function memoryAlerts(): AlertBook {
  const letters = new Map<string, Kept>()
  const notes = new Map<string, unknown>()
  const each = (those: readonly Letter[], act: (kept: Kept) => void) => {
    for (const letter of those) {
      const kept = letters.get(keyOf(letter))
      if (kept) act(kept)
    }
  }
  return {
    raise(those, nowMs, move) {
      if (move) {
        if (!same(notes.get(move.name), move.from)) return Promise.resolve([])
        notes.set(move.name, structuredClone(move.to))
      }
      const fresh = those.filter((letter) => !letters.has(keyOf(letter)))
      for (const letter of fresh) {
        const sentMs = letter.receiver === '' ? nowMs : undefined
        letters.set(keyOf(letter), {
          ...letter,
          raisedMs: nowMs,
          nextMs: letter.dueMs,
          claimedUntilMs: 0,
          attempts: 0,
          sentMs,
        })
      }
      return Promise.resolve([...new Set(fresh.map(({ id }) => id))])
    },
    known(ids) {
      const all = new Set([...letters.values()].map(({ id }) => id))
      return Promise.resolve(new Set(ids.filter((id) => all.has(id))))
    },
    note: (name) => Promise.resolve(notes.get(name)),
    claim(nowMs, untilMs, most) {
      const due = [...letters.values()]
        .filter(
          ({ sentMs, nextMs, claimedUntilMs }) => sentMs === undefined && nextMs <= nowMs && claimedUntilMs <= nowMs,
        )
        .sort((a, b) => a.raisedMs - b.raisedMs || (a.id < b.id ? -1 : 1))
        .slice(0, most)
      for (const kept of due) {
        kept.claimedUntilMs = untilMs
        kept.attempts += 1
      }
      return Promise.resolve(
        due.map(({ id, receiver, type, facts, nextMs, attempts }) => ({
          id,
          receiver,
          type,
          facts,
          dueMs: nextMs,
          attempts,
        })),
      )
    },
    sent(those, nowMs) {
      each(those, (kept) => {
        kept.sentMs = nowMs
      })
      return Promise.resolve()
    },
    failed(those, _error, dueMs) {
      each(those, (kept) => {
        kept.nextMs = dueMs
        kept.claimedUntilMs = 0
      })
      return Promise.resolve()
    },
    forget(beforeMs) {
      for (const [key, { type, sentMs }] of letters)
        if (type !== 'budget_alerts' && sentMs !== undefined && sentMs < beforeMs) letters.delete(key)
      return Promise.resolve()
    },
  }
}
