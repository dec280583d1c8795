import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { connect } from '../../src/db/client.ts'

const FOLDER = new URL('../../migrations/', import.meta.url)
const STATEMENT_TIMEOUT_MS = 60_000
const UNIQUE_VIOLATION = '23505'
/** Any number of our own: whoever migrates this database holds it. */
const LOCK = 'select pg_advisory_xact_lock(7096085)'
const JOURNAL = `create table if not exists migration (
  name text primary key,
  hash text not null,
  applied_at timestamptz not null default now()
)`

export interface Migration {
  readonly name: string
  readonly hash: string
  readonly statements: readonly string[]
}

interface Statement {
  readonly text: string
  readonly values?: readonly unknown[]
}

/** Runs statements as one transaction, and answers the rows of the last. */
export type Transaction = (statements: readonly Statement[]) => Promise<readonly Record<string, unknown>[]>

const journal = z.object({ entries: z.array(z.object({ tag: z.string() })) })

export async function readMigrations(folder: URL = FOLDER): Promise<readonly Migration[]> {
  const { entries } = journal.parse(JSON.parse(await readFile(new URL('meta/_journal.json', folder), 'utf8')))
  return Promise.all(
    entries.map(async ({ tag }) => {
      const text = await readFile(new URL(`${tag}.sql`, folder), 'utf8')
      return {
        name: tag,
        hash: createHash('sha256').update(text).digest('hex'),
        statements: text.split('--> statement-breakpoint').map((statement) => statement.trim()),
      }
    }),
  )
}

/**
 * Brings a database up to date over Neon's HTTP endpoint. A migration is one transaction: it is there with its journal
 * row, or not at all. Safe to run twice, and from two places at once: the second finds the journal row and goes on.
 */
export async function migrate(databaseUrl: string, log: (line: string) => void = () => {}): Promise<void> {
  const sql = connect(databaseUrl, STATEMENT_TIMEOUT_MS)
  const transaction: Transaction = async (statements) => {
    const answers = await sql.transaction(statements.map(({ text, values }) => sql.query(text, [...(values ?? [])])))
    return answers.at(-1) ?? []
  }
  await applyMigrations(await readMigrations(), transaction, log)
}

/**
 * What a migration would do under a lock for minutes where there is much to do, and a command does better afterwards,
 * while the gateway runs: then it is written down as done, and the command is named.
 */
interface Deferrable {
  readonly isMuch: string
  readonly instead: string
}

const DEFERRABLE: Readonly<Record<string, Deferrable>> = {
  '0031_spend_days_before': {
    isMuch: 'select count(*) > 100000 as much from (select from spend_log limit 100001) s',
    instead: 'npm run spend:recount -- --from <first day> --to <today> adds up what was recorded before',
  },
}

export async function applyMigrations(
  migrations: readonly Migration[],
  transaction: Transaction,
  log: (line: string) => void,
  deferrable = DEFERRABLE,
): Promise<void> {
  await transaction([{ text: LOCK }, { text: JOURNAL }])
  const applied = new Map((await journalRows(transaction)).map(({ name, hash }) => [name, hash]))
  for (const migration of migrations) {
    const hash = applied.get(migration.name)
    if (hash !== undefined) refuseEdited(migration, hash)
    else {
      const { isMuch, instead } = deferrable[migration.name] ?? {}
      const isDeferred = isMuch !== undefined && (await transaction([{ text: isMuch }]))[0]?.much === true
      await apply(isDeferred ? { ...migration, statements: [] } : migration, transaction, log)
      if (isDeferred) log(`${migration.name} was left for later: ${instead}`)
    }
  }
}

async function apply(migration: Migration, transaction: Transaction, log: (line: string) => void): Promise<void> {
  const { name, hash } = migration
  try {
    await transaction([
      { text: LOCK },
      { text: 'insert into migration (name, hash) values ($1, $2)', values: [name, hash] },
      ...migration.statements.map((text) => ({ text })),
    ])
  } catch (error) {
    // Someone else may have been faster while we waited for the lock; then all of ours was rolled back.
    const theirs = isUniqueViolation(error)
      ? (await journalRows(transaction)).find((row) => row.name === name)
      : undefined
    if (!theirs) throw new Error(`Migration ${name} failed and was rolled back: ${messageOf(error)}`, { cause: error })
    refuseEdited(migration, theirs.hash)
    return
  }
  log(`migrated ${name}`)
}

const journalRow = z.object({ name: z.string(), hash: z.string() })

async function journalRows(transaction: Transaction): Promise<readonly z.infer<typeof journalRow>[]> {
  return z.array(journalRow).parse(await transaction([{ text: 'select name, hash from migration order by name' }]))
}

function refuseEdited({ name, hash }: Migration, appliedHash: string): void {
  if (hash === appliedHash) return
  throw new Error(
    `Migration ${name} was edited after this database had applied it. Restore migrations/${name}.sql and write the change as a new migration.`,
  )
}

function isUniqueViolation(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === UNIQUE_VIOLATION
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
