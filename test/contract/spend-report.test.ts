import { afterAll, beforeAll, describe } from 'vitest'
import { neonLog } from '../../src/spend/logs-neon.ts'
import { memorySpend } from '../../src/spend/memory.ts'
import { recordEvents } from '../../src/spend/record.ts'
import { neonDays } from '../../src/spend/report-days-neon.ts'
import { memoryReport } from '../../src/spend/report-memory.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { namedKeys, type Reports, reported, reportsContract } from './spend-report-contract.ts'

const spend = memorySpend()
const twin: Reports = memoryReport(spend, {
  keys: namedKeys,
  aliases: (kind, id) => (kind === 'team' && id === 'team-1' ? 'One' : undefined),
})

describe('reports in memory', () => {
  beforeAll(() => spend.send(reported))
  reportsContract(() => ({ reports: twin, twin }))
})

describe('reports in Postgres', () => {
  let postgres: TestPostgres
  let reports: Reports
  beforeAll(async () => {
    postgres = await testPostgres()
    await recordEvents(postgres.db, reported)
    const keys = [...namedKeys].map(([id, key]) => ({ id, ...key }))
    await postgres.pool.query(
      `insert into virtual_key (id, token, key_name, key_alias)
        select id, token, name, alias from jsonb_to_recordset($1) as k(id text, token text, name text, alias text)`,
      [JSON.stringify(keys)],
    )
    await postgres.pool.query(`insert into team (team_id, team_alias) values ('team-1', 'One'), ('team-2', null)`)
    reports = { ...neonDays(postgres.db), ...neonLog(postgres.db) }
  }, 60_000)
  afterAll(() => postgres.stop())
  reportsContract(() => ({ reports, twin }))
})
