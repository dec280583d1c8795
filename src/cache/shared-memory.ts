import type { SharedEntries } from './port.ts'

/** What isolates share, in memory: the twin of Upstash. `isUp` stands for its outages. */
export function sharedMemory(clock: () => number, isUp: () => boolean = () => true): SharedEntries {
  const texts = new Map<string, { readonly text: string; readonly untilMs: number }>()
  const counts: Record<string, number> = {}
  let changes = 0
  let epoch = ''
  let deletions = ''

  async function asked<T>(answer: () => T): Promise<T> {
    await Promise.resolve()
    if (!isUp()) throw new Error('it is down')
    return answer()
  }

  return {
    read: (hashes) =>
      asked(() => ({
        marks: { epoch, deletions },
        texts: hashes.map((hash) => {
          const held = texts.get(hash)
          return held && held.untilMs > clock() ? held.text : undefined
        }),
      })),
    write: (entries) =>
      asked(() => {
        for (const { hash, text, ttlMs } of entries) texts.set(hash, { text, untilMs: clock() + ttlMs })
      }),
    forget: (hashes) =>
      asked(() => {
        const gone = hashes.filter((hash) => texts.delete(hash)).length
        deletions = String(++changes)
        return gone
      }),
    flush: () =>
      asked(() => {
        epoch = String(++changes)
      }),
    ping: () => asked(() => {}),
    count: (amounts) =>
      asked(() => {
        for (const [name, amount] of Object.entries(amounts)) counts[name] = (counts[name] ?? 0) + amount
      }),
    counted: () => asked(() => ({ ...counts })),
  }
}
