import { DurableObject } from 'cloudflare:workers'
import { exposition, type Format } from './exposition.ts'
import type { Delta } from './metrics.ts'
import { Series } from './series.ts'

/** A delivery that comes again within this time is not counted again. */
const REMEMBER_MS = 6 * 3_600_000

/** The numbers that Prometheus scrapes: one object for the whole gateway, told by the deliveries' consumer in batches. */
export class MetricsObject extends DurableObject {
  readonly #series: Series

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env)
    const { sql } = ctx.storage
    sql.exec('create table if not exists series (key text primary key, delta text not null)')
    sql.exec('create table if not exists seen (id text primary key, at_ms integer not null)')
    sql.exec('create index if not exists seen_at on seen (at_ms)')
    const rows = sql.exec<{ delta: string }>('select delta from series order by rowid').toArray()
    this.#series = new Series(rows.map(({ delta }) => JSON.parse(delta) as Delta))
  }

  /** Counts what a delivery says, once however often it comes. */
  add(delivery: string, deltas: readonly Delta[]): void {
    const { sql } = this.ctx.storage
    const nowMs = Date.now()
    sql.exec('delete from seen where at_ms < ?', nowMs - REMEMBER_MS)
    const known = sql.exec<{ id: string }>('select id from seen where id = ?', delivery).toArray()
    if (known.length > 0) return
    sql.exec('insert into seen (id, at_ms) values (?, ?)', delivery, nowMs)
    for (const [key, delta] of this.#series.add(deltas))
      sql.exec(
        'insert into series (key, delta) values (?, ?) on conflict (key) do update set delta = excluded.delta',
        key,
        JSON.stringify(delta),
      )
  }

  text(format: Format): string {
    return exposition(this.#series.values(), format, Date.now())
  }
}
