import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import { afterEach, expect, it } from 'vitest'
import { createDb, endpointOf } from '../../../src/db/client.ts'
import { sqlState } from '../../../src/db/sql-state.ts'

let stop = () => {}
afterEach(() => stop())

async function silentServer(): Promise<number> {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return (server.address() as AddressInfo).port
}

it('asks a database on this machine in plain HTTP, and Neon where Neon is', () => {
  expect(endpointOf('127.0.0.1', 4444)).toBe('http://127.0.0.1:4444/sql')
  expect(endpointOf('localhost', '80')).toBe('http://localhost:80/sql')
  expect(endpointOf('ep-x.eu.aws.neon.tech', 5432)).toMatch(/^https:\/\/.*eu\.aws\.neon\.tech\/sql$/)
})

it('gives every statement a deadline of its own', async () => {
  const db = createDb(`postgresql://u:secret@127.0.0.1:${await silentServer()}/d`, { timeoutMs: 100 })
  for (const _ of [1, 2]) {
    const startedAt = performance.now()
    const error: unknown = await db.execute(sql`select 1`).catch((thrown) => thrown)
    expect(String((error as Error).cause)).toMatch(/timeout/i)
    expect(String((error as Error).cause)).not.toContain('secret')
    expect(sqlState(error)).toBeUndefined()
    expect(performance.now() - startedAt).toBeGreaterThan(80)
  }
})
