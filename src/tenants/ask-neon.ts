import type { SQL } from 'drizzle-orm'
import { authored } from '../db/author.ts'
import type { Db } from '../db/client.ts'
import { unavailable } from '../db/sql-state.ts'
import type { Author } from './port.ts'

/** Statements as they are asked: a Postgres that does not answer is `database_unavailable`. */
export function asking(db: Db) {
  async function rows<R>(query: SQL): Promise<R[]> {
    try {
      return (await db.execute(query)).rows as R[]
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** The same, and who makes it: the triggers of `audit_log` write down what changes. */
  const writeBy = <R>(author: Author, statements: readonly SQL[], read: SQL) =>
    write<R>([authored(author), ...statements], read)

  /** All in one transaction; answers what the last statement read. */
  async function write<R>(statements: readonly SQL[], read: SQL): Promise<R[]> {
    const [first, ...rest] = [...statements, read].map((statement) => db.execute(statement))
    if (!first) return []
    try {
      const results = await db.batch([first, ...rest])
      return (results.at(-1)?.rows ?? []) as R[]
    } catch (error) {
      throw unavailable(error)
    }
  }

  return { rows, write, writeBy }
}
