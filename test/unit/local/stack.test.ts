import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NeonDbError, neon } from '@neondatabase/serverless'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { startStack } from '../../../scripts/local/stack.ts'
import { connect } from '../../../src/db/client.ts'
import { useStack } from '../../support/stack.ts'

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: NeonDbError) => error,
  )

describe('a stack of its own', () => {
  const stack = useStack()
  const sql = () => connect(stack().databaseUrl, 20_000)

  test('comes migrated, and its two addresses are one database', async () => {
    const client = new pg.Client(stack().pgUrl)
    await client.connect()
    await client.query(`insert into setting (name, value) values ('seen', '1')`)
    await client.end()
    expect(await sql()`select value from setting where name = 'seen'`).toEqual([{ value: 1 }])
  })

  test('values go through as the driver means them', async () => {
    const at = new Date('2026-11-22T10:00:00.123Z')
    const [row] =
      await sql()`select ${'9007199254740993'}::int8 as big, ${at}::timestamptz as at, ${{ a: [1, 'x'] }}::jsonb as doc,
      ${['a"b', 'c\\d', 'é', null]}::text[] as list, ${true}::bool as yes, ${null}::text as nothing, ${'\\x00ff'}::bytea as bytes`
    const { at: told, ...rest } = row ?? {}
    // drizzle's driver leaves instants as text for everyone who has loaded it.
    expect(new Date(String(told instanceof Date ? told.toISOString() : told))).toEqual(at)
    expect(rest).toEqual({
      big: '9007199254740993',
      doc: { a: [1, 'x'] },
      list: ['a"b', 'c\\d', 'é', null],
      yes: true,
      nothing: null,
      bytes: Buffer.from([0, 255]),
    })
  })

  test('a batch is one transaction', async () => {
    await sql()`create table account (id int primary key, amount int check (amount >= 0))`
    const results = await sql().transaction(
      (tx) => [tx`insert into account values (1, 10)`, tx`select amount from account`, tx`show transaction_isolation`],
      { isolationLevel: 'Serializable' },
    )
    expect(results.slice(1)).toEqual([[{ amount: 10 }], [{ transaction_isolation: 'serializable' }]])
    const error = await refusal(
      sql().transaction((tx) => [tx`update account set amount = 50`, tx`update account set amount = -1`]),
    )
    expect(error).toMatchObject({ code: '23514', constraint: 'account_amount_check', table: 'account' })
    expect(await sql()`select amount from account`).toEqual([{ amount: 10 }])
  })

  test('errors carry their code, and two statements at once are refused as Neon refuses them', async () => {
    expect(await refusal(sql().query('select nothing'))).toMatchObject({ code: '42703' })
    expect(await refusal(sql().query('select 1; select 2'))).toMatchObject({ code: '42601' })
    const wrongPassword = neon(stack().databaseUrl.replace(':postgres@', ':wrong@'))
    expect(await refusal(wrongPassword.query('select 1'))).toMatchObject({ code: '28P01' })
  })

  test('each statement is counted, also over HTTP', async () => {
    const before = stack().stats().database
    await sql()`select 1`
    await sql().transaction((tx) => [tx`select 1`, tx`select 2`])
    const after = stack().stats().database
    expect([
      after.requests - before.requests,
      after.batches - before.batches,
      after.statements - before.statements,
    ]).toEqual([2, 1, 3])
    const { port } = new URL(stack().databaseUrl)
    expect(await (await fetch(`http://127.0.0.1:${port}/stats`)).json()).toEqual(after)
  })

  test('a lost answer leaves its statement done', async () => {
    await sql()`create table done (n int)`
    stack().faults.database.add({ kind: 'drop', moment: 'answer', count: 1 })
    expect(await refusal(sql()`insert into done values (1)`)).toBeInstanceOf(Error)
    expect(await sql()`select n from done`).toEqual([{ n: 1 }])
  })

  test('the database dies and comes back with what was committed', async () => {
    await sql()`create table kept (n int)`
    await sql()`insert into kept values (7)`
    await stack().postgres.kill()
    const error = await refusal(sql()`select 1`)
    expect(error?.message).toContain('HTTP status 500')
    expect(error?.code).toBeUndefined()
    await stack().postgres.start()
    expect(await sql()`select n from kept`).toEqual([{ n: 7 }])
  })
})

describe('a state folder', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'tollgate-test-'))
  chmodSync(stateDir, 0o711)
  afterAll(() => rmSync(stateDir, { recursive: true, force: true }))

  const visit = async (fresh: boolean) => {
    const lines: string[] = []
    const stack = await startStack({
      stateDir,
      fresh,
      providers: false,
      durable: false,
      log: (line) => lines.push(line),
    })
    try {
      const sql = connect(stack.databaseUrl, 20_000)
      await sql`create table if not exists visit (n int)`
      await sql`insert into visit values (1)`
      const [row] = await sql`select count(*)::int as n from visit`
      return { visits: row?.n, lines, providerUrl: stack.providerUrl }
    } finally {
      await stack.stop()
    }
  }

  test('survives restarts, until a fresh start is asked for', async () => {
    const first = await visit(false)
    expect(first.lines.map((line) => line.split(' ')[0])).toEqual(['database', 'cache', 'migrations'])
    expect(first.providerUrl).toBe('')
    expect([first.visits, (await visit(false)).visits, (await visit(true)).visits]).toEqual([1, 2, 1])
  }, 60_000)
})
