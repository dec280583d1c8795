import pg from 'pg'

export type SourceRow = Readonly<Record<string, unknown>>

const short = [
  'BudgetTable',
  'OrganizationTable',
  'TeamTable',
  'ModelTable',
  'OrganizationMembership',
  'TeamMembership',
  'TagTable',
  'AccessGroupTable',
  'CredentialsTable',
  'ProxyModelTable',
  'Config',
  'ProjectTable',
  'DeprecatedVerificationToken',
] as const

/** Tables with a row for each key or person: never in memory as a whole. */
export type LongTable = 'UserTable' | 'EndUserTable' | 'VerificationToken'
export type ShortTable = (typeof short)[number]

export type Source = Readonly<Record<ShortTable, readonly SourceRow[]>> & {
  /** The rows of a table, some at a time. */
  readonly parts: (table: LongTable) => AsyncIterable<readonly SourceRow[]>
}

const ROWS_AT_ONCE = 500
const TIMESTAMP = 1114

/** Work over a LiteLLM database as of one moment; nothing is written there. A table that its version does not have is empty. */
export async function withLitellm<T>(databaseUrl: string, work: (source: Source) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    types: {
      // Prisma's times have no zone and are UTC.
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === TIMESTAMP
          ? (text: string) => new Date(`${text.replace(' ', 'T')}Z`)
          : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  })
  await client.connect()
  try {
    await client.query('begin isolation level repeatable read read only')
    const read: [string, readonly SourceRow[]][] = []
    for (const table of short) read.push([table, (await isThere(client, table)) ? await all(client, table) : []])
    const whole = Object.fromEntries(read) as Record<ShortTable, readonly SourceRow[]>
    return await work({ ...whole, parts: (table) => parts(client, table) })
  } finally {
    await client.end()
  }
}

const nameOf = (table: ShortTable | LongTable) => `"LiteLLM_${table}"`

async function isThere(client: pg.Client, table: ShortTable | LongTable): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    nameOf(table),
  ])
  return rows[0]?.there === true
}

const all = async (client: pg.Client, table: ShortTable) =>
  (await client.query<SourceRow>(`select * from ${nameOf(table)}`)).rows

async function* parts(client: pg.Client, table: LongTable): AsyncGenerator<readonly SourceRow[]> {
  if (!(await isThere(client, table))) return
  await client.query(`declare rows_of no scroll cursor for select * from ${nameOf(table)}`)
  try {
    for (;;) {
      const { rows } = await client.query<SourceRow>(`fetch ${ROWS_AT_ONCE} from rows_of`)
      if (rows.length === 0) return
      yield rows
    }
  } finally {
    await client.query('close rows_of')
  }
}
