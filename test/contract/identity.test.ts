import { afterAll, beforeAll } from 'vitest'
import { memoryTenants } from '../../src/tenants/memory.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { bearersContract } from './identity-contract.ts'

bearersContract('in memory', () => Promise.resolve(memoryTenants()))

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())

bearersContract('in Postgres', async () => {
  await postgres.pool.query(
    'truncate virtual_key, team, organization, internal_user, budget, budget_window, budget_template cascade; delete from setting',
  )
  return neonTenants(postgres.db)
})
