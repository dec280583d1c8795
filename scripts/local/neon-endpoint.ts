import pg from 'pg'
import * as z from 'zod'
import { type Endpoint, type EndpointAnswer, type EndpointRequest, jsonAnswer, serveEndpoint } from './endpoint.ts'

/** What the endpoint was asked; `statements` counts each one, also those inside a batch. */
export interface NeonStats {
  requests: number
  batches: number
  statements: number
  errors: number
}

export interface NeonEndpoint extends Endpoint {
  stats(): Readonly<NeonStats>
}

type Param = z.infer<ReturnType<typeof z.json>>

const statement = z.object({
  query: z.string(),
  params: z.array(z.json()).default([]),
  arrayMode: z.boolean().optional(),
})
const batch = z.object({ queries: z.array(statement) })

const isolationLevels: Readonly<Record<string, string>> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
}

/** The driver reads values as PostgreSQL's own text. */
const rawText: pg.CustomTypesConfig = { getTypeParser: () => (value: unknown) => value }

/** The last words of a server that is ended (57P01, 57P02) or not up yet (57P03): no answer to a statement. */
const GOING = /^57P0[123]$/

/**
 * Neon's HTTP protocol (`POST /sql`, one statement or a batch that is one transaction) over a PostgreSQL on the given
 * port. `GET /stats` counts. A client that leaves does not stop its statement, so a commit may come late, as with Neon.
 */
export async function startNeonEndpoint(postgresPort: number): Promise<NeonEndpoint> {
  const pools = new Map<string, pg.Pool>()
  const stats: NeonStats = { requests: 0, batches: 0, statements: 0, errors: 0 }

  function poolFor(connectionString: string): pg.Pool {
    const { username, password, pathname } = new URL(connectionString)
    const login = [username, password, pathname.slice(1)].map(decodeURIComponent)
    const known = pools.get(login.join('\0'))
    if (known) return known
    const [user, secret, database] = login
    const pool = new pg.Pool({
      host: '127.0.0.1',
      port: postgresPort,
      user,
      password: secret,
      database,
      max: 40,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
    })
    // An idle connection that dies with the server is replaced by the pool; whoever asks next sees the outage.
    pool.on('error', () => {})
    // One that dies between two statements of a batch tells the next of them.
    pool.on('connect', (client) => client.on('error', () => {}))
    pools.set(login.join('\0'), pool)
    return pool
  }

  async function answer({ method, url, headers, body }: EndpointRequest): Promise<EndpointAnswer> {
    const path = url.split('?')[0]
    if (method === 'GET' && path === '/stats') return jsonAnswer(200, stats)
    if (method !== 'POST' || path !== '/sql')
      return jsonAnswer(404, { message: 'Only POST /sql and GET /stats exist.' })
    stats.requests += 1
    let client: pg.PoolClient | undefined
    let broken = false
    try {
      const input: unknown = JSON.parse(body.toString())
      client = await poolFor(String(headers['neon-connection-string'])).connect()
      const asArrays = headers['neon-array-mode'] === 'true'
      const many = batch.safeParse(input)
      if (!many.success) return jsonAnswer(200, await run(client, statement.parse(input), asArrays))
      const begin = beginFrom(headers)
      if (begin === undefined) return jsonAnswer(400, { message: 'invalid isolation level' })
      stats.batches += 1
      await client.query(begin)
      try {
        const results: unknown[] = []
        for (const one of many.data.queries) results.push(await run(client, one, asArrays))
        await client.query('COMMIT')
        return jsonAnswer(200, { results })
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {
          broken = true
        })
        throw error
      }
    } catch (error) {
      stats.errors += 1
      if (error instanceof z.ZodError) return jsonAnswer(400, { message: z.prettifyError(error) })
      if (error instanceof SyntaxError) return jsonAnswer(400, { message: `The body is not JSON: ${error.message}` })
      if (error instanceof pg.DatabaseError && !GOING.test(error.code ?? ''))
        return jsonAnswer(400, databaseError(error))
      broken = true
      const reason = error instanceof Error ? error.message : String(error)
      return jsonAnswer(500, { message: `The database cannot be reached: ${reason}` })
    } finally {
      client?.release(broken)
    }
  }

  async function run(client: pg.PoolClient, one: z.infer<typeof statement>, asArrays: boolean): Promise<unknown> {
    stats.statements += 1
    const rowAsArray = one.arrayMode ?? asArrays
    const config: pg.QueryArrayConfig & { queryMode: string } = {
      text: one.query,
      values: one.params.map(parameter),
      types: rawText,
      // As Neon does it: one statement at a time, also when there are no parameters.
      queryMode: 'extended',
      rowMode: 'array',
    }
    const { fields, rows, command, rowCount } = await client.query(config)
    return {
      fields: fields.map((f) => ({
        name: f.name,
        dataTypeID: f.dataTypeID,
        tableID: f.tableID,
        columnID: f.columnID,
        dataTypeSize: f.dataTypeSize,
        dataTypeModifier: f.dataTypeModifier,
        format: 'text',
      })),
      rows: rowAsArray ? rows : rows.map((row) => Object.fromEntries(fields.map((f, at) => [f.name, row[at]]))),
      command,
      rowCount,
      rowAsArray,
    }
  }

  const endpoint = await serveEndpoint(answer)
  return {
    ...endpoint,
    stats: () => ({ ...stats }),
    close: async () => {
      await endpoint.close()
      await Promise.all([...pools.values()].map((pool) => pool.end()))
    },
  }
}

function beginFrom(headers: EndpointRequest['headers']): string | undefined {
  const level = headers['neon-batch-isolation-level']
  const isolation = level === undefined ? '' : isolationLevels[String(level)]
  if (isolation === undefined) return undefined
  return [
    'BEGIN',
    isolation && `ISOLATION LEVEL ${isolation}`,
    headers['neon-batch-read-only'] === 'true' && 'READ ONLY',
    headers['neon-batch-deferrable'] === 'true' && 'DEFERRABLE',
  ]
    .filter(Boolean)
    .join(' ')
}

/** JSON → the text form that PostgreSQL reads: arrays become array literals, everything else but text its JSON. */
export function parameter(value: Param): string | null {
  if (value === null || typeof value === 'string') return value
  return Array.isArray(value) ? arrayLiteral(value) : JSON.stringify(value)
}

function arrayLiteral(values: readonly Param[]): string {
  const items = values.map((value) => {
    if (value === null) return 'NULL'
    if (Array.isArray(value)) return arrayLiteral(value)
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `"${text.replace(/["\\]/g, '\\$&')}"`
  })
  return `{${items.join(',')}}`
}

const errorFields = [
  'severity',
  'code',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const

function databaseError(error: pg.DatabaseError): Record<string, string | null> {
  const fields = errorFields.map((name) => [name, error[name] ?? null] as const)
  return { message: error.message, ...Object.fromEntries(fields) }
}
