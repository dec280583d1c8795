import type pg from 'pg'

interface Asked {
  readonly get: (path: string, key?: string) => Promise<{ readonly status: number; readonly json: unknown }>
}

/** What is large in a crowd: what is small and whole (a list of all tags) may be read as it lies. */
const LARGE =
  /Seq Scan on (virtual_key|team_membership|budget|budget_window|spend_log\w*|internal_user|customer|previous_token|audit_log)\b/g

/** Asks routes and listens to the statements that they send to Postgres, until it stops. */
export function overheard(front: Asked, pool: pg.Pool) {
  const sent: { readonly query: string; readonly params: readonly unknown[] }[] = []
  const real = globalThis.fetch
  globalThis.fetch = (input, init) => {
    if (String(input).endsWith('/sql')) {
      const body = JSON.parse(String(init?.body))
      sent.push(...(body.queries ?? [body]))
    }
    return real(input, init)
  }

  /** How Postgres goes about it where it may choose: a scan of a large table is one that no index could spare. */
  async function plans(path: string, key?: string): Promise<readonly string[]> {
    sent.length = 0
    const { status, json } = await front.get(path, key)
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(json)}`)
    const client = await pool.connect()
    try {
      await client.query('set enable_seqscan = off')
      const found: string[] = []
      for (const { query, params } of [...sent]) {
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${query}`, [...params])
        found.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
      }
      return found
    } finally {
      client.release(true)
    }
  }

  return {
    plans,
    /** The large tables that a route reads from end to end. */
    async scans(path: string, key?: string): Promise<readonly string[]> {
      const all = (await plans(path, key)).flatMap((plan) => [...plan.matchAll(LARGE)].map(([, table = '']) => table))
      return [...new Set(all)]
    },
    stop() {
      globalThis.fetch = real
    },
  }
}
