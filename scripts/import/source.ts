import pg from 'pg'

export type SourceRow = Readonly<Record<string, unknown>>
export type Source = Readonly<Record<(typeof tables)[number], readonly SourceRow[]>>

const tables = [
  'BudgetTable',
  'OrganizationTable',
  'TeamTable',
  'ModelTable',
  'UserTable',
  'OrganizationMembership',
  'TeamMembership',
  'VerificationToken',
  'EndUserTable',
  'TagTable',
  'AccessGroupTable',
  'CredentialsTable',
  'ProxyModelTable',
  'Config',
  'ProjectTable',
  'DeprecatedVerificationToken',
] as const

const TIMESTAMP = 1114

/** A LiteLLM database as of one moment; nothing is written there. A table that its version does not have is empty. */
export async function readLitellm(databaseUrl: string): Promise<Source> {
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
    for (const table of tables) {
      const name = `"LiteLLM_${table}"`
      const { rows } = await client.query('select to_regclass($1) is not null as there', [name])
      read.push([table, rows[0]?.there ? (await client.query(`select * from ${name}`)).rows : []])
    }
    return Object.fromEntries(read) as Source
  } finally {
    await client.end()
  }
}
