import { DatabaseSync } from 'node:sqlite'

export interface NewMessage {
  readonly id: string
  readonly contentType: string
  readonly body: Uint8Array
  /** When it was sent. */
  readonly sentAtMs: number
  /** Not delivered earlier. */
  readonly readyAtMs: number
}

export interface StoredMessage extends NewMessage {
  readonly seq: number
  readonly queue: string
  /** How often it was handed out, this time included. */
  readonly attempts: number
}

/** A take looks at this many messages at most when it may choose among them. */
const REORDER_AMONG = 1000

/** Messages of all queues in one SQLite file. What `put` has taken stays until it is removed, whoever dies in between. */
export class QueueStore {
  readonly #db: DatabaseSync

  constructor(file: string) {
    this.#db = new DatabaseSync(file)
    this.#db.exec(`
      pragma journal_mode = wal;
      pragma synchronous = normal;
      create table if not exists message (
        seq integer primary key, queue text not null, id text not null, content_type text not null, body blob not null,
        sent_at_ms integer not null, ready_at_ms integer not null,
        attempts integer not null default 0, taken integer not null default 0
      );
      create index if not exists message_ready on message (queue, taken, ready_at_ms);
      update message set taken = 0;
    `)
  }

  put(queue: string, messages: readonly NewMessage[]): void {
    const insert = this.#db.prepare(
      'insert into message (queue, id, content_type, body, sent_at_ms, ready_at_ms) values (?, ?, ?, ?, ?, ?)',
    )
    this.#atOnce(() => {
      for (const { id, contentType, body, sentAtMs, readyAtMs } of messages) {
        insert.run(queue, id, contentType, body, sentAtMs, readyAtMs)
      }
    })
  }

  /** Hands out up to `limit` messages that are ready, oldest first or in the order `shuffle` makes, and counts the attempt. */
  take(queue: string, limit: number, nowMs: number, shuffle?: (seqs: number[]) => number[]): StoredMessage[] {
    const found = this.#db
      .prepare(
        'select seq from message where queue = ? and taken = 0 and ready_at_ms <= ? order by ready_at_ms, seq limit ?',
      )
      .all(queue, nowMs, shuffle ? REORDER_AMONG : limit)
      .map((row) => Number(row.seq))
    const chosen = (shuffle ? shuffle(found) : found).slice(0, limit)
    const take = this.#db.prepare(
      `update message set taken = 1, attempts = attempts + 1 where seq = ?
       returning seq, queue, id, content_type as contentType, body, sent_at_ms as sentAtMs, ready_at_ms as readyAtMs, attempts`,
    )
    return this.#atOnce(() => chosen.map((seq) => take.get(seq) as unknown as StoredMessage))
  }

  remove(seqs: readonly number[]): void {
    const remove = this.#db.prepare('delete from message where seq = ?')
    this.#atOnce(() => {
      for (const seq of seqs) remove.run(seq)
    })
  }

  giveBack(seq: number, readyAtMs: number): void {
    this.#db.prepare('update message set taken = 0, ready_at_ms = ? where seq = ?').run(readyAtMs, seq)
  }

  /** As if it had not been handed out. */
  untake(seq: number, readyAtMs: number): void {
    this.#db
      .prepare('update message set taken = 0, attempts = attempts - 1, ready_at_ms = ? where seq = ?')
      .run(readyAtMs, seq)
  }

  move(seq: number, queue: string, readyAtMs: number): void {
    this.#db
      .prepare('update message set queue = ?, taken = 0, attempts = 0, ready_at_ms = ? where seq = ?')
      .run(queue, readyAtMs, seq)
  }

  /** How many wait and when the first of them is or was ready, among at most `among`. */
  waiting(queue: string, nowMs: number, among: number): { ready: number; firstReadyAtMs: number | undefined } {
    const row = this.#db
      .prepare(
        `select count(*) filter (where ready_at_ms <= ?) as ready, min(ready_at_ms) as first from
         (select ready_at_ms from message where queue = ? and taken = 0 order by ready_at_ms limit ?)`,
      )
      .get(nowMs, queue, among)
    const first = row?.first
    return { ready: Number(row?.ready ?? 0), firstReadyAtMs: typeof first === 'number' ? first : undefined }
  }

  /** Messages not yet done with: waiting, delayed or handed out. */
  depth(queue?: string): number {
    const row =
      queue === undefined
        ? this.#db.prepare('select count(*) as n from message').get()
        : this.#db.prepare('select count(*) as n from message where queue = ?').get(queue)
    return Number(row?.n ?? 0)
  }

  close(): void {
    this.#db.close()
  }

  #atOnce<T>(work: () => T): T {
    this.#db.exec('begin')
    try {
      const result = work()
      this.#db.exec('commit')
      return result
    } catch (error) {
      this.#db.exec('rollback')
      throw error
    }
  }
}
