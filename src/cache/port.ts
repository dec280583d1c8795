import type { Entry } from './entry.ts'

/** Where an entry lies: its hash names everything it depends on, its scope first. */
export interface CacheKey {
  /** Whose it is (`team:…`): memory is shared out by it. */
  readonly scope: string
  /** SHA-256 in hex. */
  readonly hash: string
}

export interface CacheMoment {
  readonly nowMs: number
  readonly defer: (name: string, work: Promise<unknown>) => void
}

export interface Put {
  readonly key: CacheKey
  readonly entry: Entry
}

/** Answers by key. Advisory: it never throws, and whatever goes wrong is a miss. */
export interface Cache {
  /** In the order of the keys; undefined for what is not there. */
  get(keys: readonly CacheKey[], moment: CacheMoment): Promise<readonly (Entry | undefined)[]>
  put(puts: readonly Put[], moment: CacheMoment): Promise<void>
}

/** Two texts that change whenever entries were taken away: all of them, or some. */
export interface Marks {
  readonly epoch: string
  readonly deletions: string
}

/** Where isolates share entries. Throws on faults: whoever asks decides what a fault means. */
export interface SharedEntries {
  /** The marks as they stood when the texts were read. */
  read(hashes: readonly string[]): Promise<{ readonly marks: Marks; readonly texts: readonly (string | undefined)[] }>
  write(entries: readonly { readonly hash: string; readonly text: string; readonly ttlMs: number }[]): Promise<void>
  /** Takes entries away, and tells every isolate so by a new mark. */
  forget(hashes: readonly string[]): Promise<number>
  /** The same for all entries of this gateway, and nothing else that lies there. */
  flush(): Promise<void>
  ping(): Promise<void>
  /** Adds to counters. */
  count(amounts: Readonly<Record<string, number>>): Promise<void>
  counted(): Promise<Readonly<Record<string, number>>>
}
