import type pg from 'pg'

/**
 * An observer inside the database. It looks at what is lent in the very transaction that lends it, keeps the history of
 * limits, and for a limit lowered below what is spent and leased the ceiling that follows from that moment. What a
 * limit was raised by for a while may stay spent until its window ends.
 */
const OBSERVER = `
create table storm_breach (at timestamptz default clock_timestamp(), scope text, window_start timestamptz, limit_nano bigint, spent bigint, leased bigint);
create table storm_limit (at timestamptz default clock_timestamp(), scope text, limit_nano bigint);
create table storm_ceiling (scope text, window_start timestamptz, ceiling bigint, primary key (scope, window_start));
create function storm_see_lent() returns trigger language plpgsql as $$
declare
  v_limit bigint;
begin
  select limit_nano + case when extra_until > now() then extra_nano else 0 end into v_limit from budget where scope = new.scope;
  if new.leased > old.leased and v_limit is not null and new.spent + new.leased > v_limit then
    insert into storm_breach (scope, window_start, limit_nano, spent, leased)
      values (new.scope, new.window_start, v_limit, new.spent, new.leased);
  end if;
  return null;
end $$;
create trigger storm_see_lent after update on budget_window for each row execute function storm_see_lent();
create function storm_see_limit() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    insert into storm_limit (scope, limit_nano) values (old.scope, null);
    return null;
  end if;
  insert into storm_limit (scope, limit_nano) values (new.scope, new.limit_nano);
  delete from storm_ceiling where scope = new.scope;
  insert into storm_ceiling
    select w.scope, w.window_start, w.spent + w.leased from budget_window w
    where w.scope = new.scope
      and w.spent + w.leased > new.limit_nano + case when new.extra_until > now() then new.extra_nano else 0 end;
  return null;
end $$;
create trigger storm_see_limit after insert or update or delete on budget for each row execute function storm_see_limit();
`

/** One statement, so one moment: every window with its limit, its ceiling, its leases and its log. */
const WINDOWS = `
with logged as (
  select k.scope, k.start, sum(s.cost_nano) as cost from spend_log s, unnest(s.scopes, s.windows) k(scope, start) group by 1, 2
), lent as (
  select scope, window_start, sum(granted - returned - charged) as left from budget_lease group by 1, 2
)
select w.scope, ms_of_time(w.window_start) as start_ms, w.spent, w.leased, coalesce(g.cost, 0) as logged, coalesce(l.left, 0) as leases,
  greatest(b.limit_nano + case when b.extra_until > w.window_start then b.extra_nano else 0 end, c.ceiling) as ceiling
from budget_window w
  left join budget b using (scope)
  left join storm_ceiling c on c.scope = w.scope and c.window_start = w.window_start
  left join logged g on g.scope = w.scope and g.start = w.window_start
  left join lent l on l.scope = w.scope and l.window_start = w.window_start`

export interface Broken {
  /** I1: the log is not the spend. */
  readonly log: number
  /** I2: the leases are not what is leased, or less than nothing is. */
  readonly leases: number
  /** I3: spent and leased are above the limit, or the ceiling that lowering it left. */
  readonly above: number
}

export interface WindowNow {
  readonly scope: string
  readonly startMs: number
  readonly spent: bigint
  readonly leased: bigint
  readonly logged: bigint
  readonly leases: bigint
  readonly ceiling: bigint | undefined
}

export async function observe(db: pg.Pool): Promise<void> {
  await db.query(OBSERVER)
}

export async function windowsNow(db: pg.Pool): Promise<WindowNow[]> {
  const { rows } = await db.query<Record<string, string | null>>(WINDOWS)
  return rows.map((row) => ({
    scope: row.scope ?? '',
    startMs: Number(row.start_ms),
    spent: BigInt(row.spent ?? 0),
    leased: BigInt(row.leased ?? 0),
    logged: BigInt(row.logged ?? 0),
    leases: BigInt(row.leases ?? 0),
    ceiling: row.ceiling == null ? undefined : BigInt(row.ceiling),
  }))
}

export function brokenIn(windows: readonly WindowNow[]): { readonly broken: Broken; readonly example?: WindowNow } {
  const bad = (is: (window: WindowNow) => boolean) => windows.filter(is)
  const log = bad(({ spent, logged }) => spent !== logged)
  const leases = bad(({ leased, leases }) => leased !== leases || leased < 0n)
  const above = bad(({ spent, leased, ceiling }) => ceiling !== undefined && spent + leased > ceiling)
  const example = log[0] ?? leases[0] ?? above[0]
  return {
    broken: { log: log.length, leases: leases.length, above: above.length },
    ...(example ? { example } : {}),
  }
}

const POLL_MS = 500

/** Looks every 500 ms, or, when a look takes long, as often as leaves nine tenths of the time to others. */
export class Poll {
  readonly #db: pg.Pool
  readonly #over: Promise<void>
  #stopped = false
  looks = 0
  broken: Broken = { log: 0, leases: 0, above: 0 }
  example: WindowNow | undefined

  constructor(db: pg.Pool) {
    this.#db = db
    this.#over = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#over
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const beganMs = Date.now()
      // A database that is away has nothing to show.
      await this.#look().catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, Math.max(POLL_MS, 9 * (Date.now() - beganMs))))
    }
  }

  async #look(): Promise<void> {
    const { broken, example } = brokenIn(await windowsNow(this.#db))
    this.looks += 1
    this.example ??= example
    this.broken = {
      log: this.broken.log + broken.log,
      leases: this.broken.leases + broken.leases,
      above: this.broken.above + broken.above,
    }
  }
}

/** A row of the log, with what the checks need of it. */
export interface LogRow {
  readonly id: string
  readonly kind: string
  readonly status: string
  readonly requestId: string | undefined
  readonly grantId: string | undefined
  readonly single: boolean
  readonly holdNano: number
  readonly costNano: number
  readonly scopes: readonly string[]
  readonly startsMs: readonly number[]
  readonly overrun: boolean
  /** Nobody said what was used. */
  readonly estimated: boolean
  readonly keyId: string | undefined
  readonly startMs: number
  readonly endMs: number
}

export async function logRows(db: pg.Pool): Promise<LogRow[]> {
  const { rows } = await db.query<Record<string, unknown>>(
    `select id, kind, status, request_id, grant_id, single, hold_nano, cost_nano, scopes, overrun, usage_estimated, key_id,
       array(select ms_of_time(t) from unnest(windows) with ordinality as w(t, n) order by n) as starts_ms,
       ms_of_time(start_time) as start_ms, ms_of_time(end_time) as end_ms
     from spend_log`,
  )
  return rows.map((row) => ({
    id: String(row.id),
    kind: String(row.kind),
    status: String(row.status),
    requestId: row.request_id == null ? undefined : String(row.request_id),
    grantId: row.grant_id == null ? undefined : String(row.grant_id),
    single: row.single === true,
    holdNano: Number(row.hold_nano),
    costNano: Number(row.cost_nano),
    scopes: row.scopes as string[],
    startsMs: (row.starts_ms as string[]).map(Number),
    overrun: row.overrun === true,
    estimated: row.usage_estimated === true,
    keyId: row.key_id == null ? undefined : String(row.key_id),
    startMs: Number(row.start_ms),
    endMs: Number(row.end_ms),
  }))
}

/** What a scope's limit became, and when. */
export interface LimitChange {
  readonly scope: string
  readonly atMs: number
  readonly limitNano: number | undefined
}

export async function limitHistory(db: pg.Pool): Promise<LimitChange[]> {
  const { rows } = await db.query<{ scope: string; at_ms: string; limit_nano: string | null }>(
    'select scope, ms_of_time(at) as at_ms, limit_nano from storm_limit order by at',
  )
  return rows.map(({ scope, at_ms, limit_nano }) => ({
    scope,
    atMs: Number(at_ms),
    limitNano: limit_nano === null ? undefined : Number(limit_nano),
  }))
}

export async function countOf(db: pg.Pool, table: 'storm_breach' | 'dead_letter'): Promise<number> {
  const { rows } = await db.query<{ n: string }>(`select count(*) as n from ${table}`)
  return Number(rows[0]?.n)
}

export async function keyTokens(db: pg.Pool): Promise<{ id: string; token: string }[]> {
  return (await db.query<{ id: string; token: string }>('select id, token from virtual_key')).rows
}
