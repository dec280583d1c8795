import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyMigrations, type Migration, migrate, readMigrations, type Transaction } from '../../scripts/db/migrate.ts'
import { connect } from '../../src/db/client.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres({ migrated: false })
}, 60_000)
afterAll(() => postgres.stop())

const journal = async () => (await postgres.pool.query('select name from migration order by name')).rows
const transaction: Transaction = async (statements) => {
  const sql = connect(postgres.databaseUrl, 10_000)
  const answers = await sql.transaction(statements.map(({ text, values }) => sql.query(text, [...(values ?? [])])))
  return answers.at(-1) ?? []
}

describe('migrate', () => {
  it('brings an empty database up to date once, also from several places at the same time', async () => {
    const told: string[] = []
    await Promise.all([1, 2, 3].map(() => migrate(postgres.databaseUrl, (line) => told.push(line))))
    const names = (await readMigrations()).map(({ name }) => name)
    expect((await journal()).map(({ name }) => name)).toEqual(names)
    expect(told.toSorted()).toEqual(names.map((name) => `migrated ${name}`))
  })

  it('changes nothing when it runs again', async () => {
    const told: string[] = []
    await migrate(postgres.databaseUrl, (line) => told.push(line))
    expect(told).toEqual([])
  })

  it('leaves nothing behind of a migration that fails in the middle', async () => {
    const broken: Migration = {
      name: '9999_broken',
      hash: 'x',
      statements: ['create table half (id int)', 'select 1 / 0'],
    }
    await expect(applyMigrations([broken], transaction, () => {})).rejects.toThrow(/9999_broken.*rolled back.*division/)
    expect((await postgres.pool.query(`select to_regclass('half') as half`)).rows).toEqual([{ half: null }])
    expect((await journal()).some(({ name }) => name === '9999_broken')).toBe(false)
  })

  it('refuses a migration that was edited after it was applied', async () => {
    const [first, ...rest] = await readMigrations()
    const edited = [{ ...first!, hash: 'other' }, ...rest]
    await expect(applyMigrations(edited, transaction, () => {})).rejects.toThrow(/was edited.*new migration/)
  })
})
