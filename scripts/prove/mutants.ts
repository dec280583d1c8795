/** A rule of the code that is broken on purpose, and the tests that must see it. */
export interface Mutant {
  readonly name: string
  /** Each text must stand in its file exactly once. */
  readonly breaks: readonly { readonly file: string; readonly text: string; readonly by: string }[]
  readonly project: 'unit' | 'workers'
  readonly tests: readonly string[]
}

const slices = 'migrations/0001_slices.sql'
const windows = 'migrations/0060_erase_in_order.sql'
const ledger = 'src/ledger/ledger.ts'

/** The eight that everybody who tried this got wrong (slices.md), and what was promised since. */
export const mutants: readonly Mutant[] = [
  {
    name: 'no row lock: windows are not locked by whoever lends, returns or logs',
    breaks: [
      { file: windows, text: 'ORDER BY w.scope, w.window_start FOR UPDATE;', by: 'ORDER BY w.scope, w.window_start;' },
      // An insert that finds a row waits for whoever is changing it, which is half a lock.
      {
        file: windows,
        text: 'unnest(v_scopes, v_starts) AS k(scope, start) ON CONFLICT DO NOTHING;',
        by: `unnest(v_scopes, v_starts) AS k(scope, start) WHERE NOT EXISTS (
          SELECT 1 FROM budget_window w WHERE w.scope = k.scope AND w.window_start = k.start) ON CONFLICT DO NOTHING;`,
      },
    ],
    project: 'unit',
    tests: ['test/contract/slices-sql.test.ts'],
  },
  {
    name: 'no row lock: limits are not locked by whoever lends',
    breaks: [{ file: slices, text: 'ORDER BY b.scope FOR SHARE;', by: 'ORDER BY b.scope;' }],
    project: 'unit',
    tests: ['test/contract/slices-sql.test.ts'],
  },
  {
    name: 'a settlement counts in the current window',
    breaks: [
      {
        file: ledger,
        text: '(store.pool(scope, startMs) ?? [])',
        by: '(store.newestPool(scope) ?? store.pool(scope, startMs) ?? [])',
      },
    ],
    project: 'unit',
    tests: ['test/contract/ledger.test.ts'],
  },
  {
    name: 'a fallback is not re-priced: what was held for the attempt before is good enough',
    breaks: [
      {
        file: 'src/ledger/ledger.ts',
        text: 'const short = pools.filter((pool) => freeOf(pool) < leastNano)\n    if (short.length > 0) return { kind',
        by: 'const short = pools.filter((pool) => freeOf(pool) + pool.usedNano < leastNano)\n    if (short.length > 0) return { kind',
      },
    ],
    project: 'unit',
    tests: ['test/contract/ledger.test.ts', 'test/unit/gateway', 'test/unit/ledger'],
  },
  {
    name: 'memory is trusted after an eviction: pools reach the disk only now and then',
    breaks: [
      {
        file: 'src/ledger/sqlite-store.ts',
        text: '  putPool(pool: Pool): void {\n',
        by: '  putPool(pool: Pool): void {\n    if (pool.heldNano > 0n) return\n',
      },
    ],
    project: 'workers',
    tests: ['test/workers/ledger.test.ts'],
  },
  {
    name: 'no fence: a take counts whatever its sequence number',
    breaks: [
      { file: slices, text: 'WHEN v_limit IS NOT NULL AND v_lease.seq = v_ask.seq', by: 'WHEN v_limit IS NOT NULL' },
    ],
    project: 'unit',
    tests: ['test/contract/slices-sql.test.ts'],
  },
  {
    name: 'returning by counts: what open grants hold goes back as well',
    breaks: [
      {
        file: 'src/budget/pool.ts',
        text: 'maxNano(0n, minNano(amountNano, freeOf(pool)))',
        by: 'maxNano(0n, minNano(amountNano + pool.heldNano, freeOf(pool) + pool.heldNano))',
      },
    ],
    project: 'unit',
    tests: ['test/unit/ledger/history.test.ts'],
  },
  {
    name: 'settling before logging',
    breaks: [
      {
        file: 'src/gateway/hand-over.ts',
        text: 'const logged = (await this.#log(batch)) ? batch.map(({ event, ...rest }) => rest) : batch\n    const unsettled = await Promise.all([...byLedger(logged)].map(([ledger, ends]) => this.#settle(ledger, ends)))',
        by: 'const early = batch.map(({ event, ...rest }) => rest)\n    const unsettled = await Promise.all([...byLedger(early)].map(([ledger, ends]) => this.#settle(ledger, ends)))\n    await this.#log(batch)',
      },
    ],
    project: 'unit',
    tests: ['test/unit/gateway/hand-over.test.ts'],
  },
  {
    name: 'a late row does not melt its expired grant’s',
    breaks: [
      {
        file: 'migrations/0059_cheaper_recording.sql',
        text: 'SET cost_nano = s.cost_nano - p_melt WHERE',
        by: 'SET cost_nano = s.cost_nano WHERE',
      },
    ],
    project: 'unit',
    tests: ['test/contract/slices-sql.test.ts'],
  },
  {
    name: 'settlements are ignored',
    breaks: [
      { file: ledger, text: "if (record?.state !== 'open' || !record.grant.single) return", by: 'if (record) return' },
    ],
    project: 'unit',
    tests: ['test/contract/ledger.test.ts'],
  },
  {
    name: 'a budget is told a smaller worst case than an answer may cost: the prompt is not counted',
    breaks: [{ file: 'src/operations/chat.ts', text: '    pico(text, read) +\n', by: '' }],
    project: 'unit',
    tests: ['test/unit/operations/chat.test.ts'],
  },
  {
    name: 'a grant that came too late is started on',
    breaks: [
      {
        file: 'src/ledger/durable.ts',
        text: 'if (!taken.granted || clock() <= taken.grant.startByMs) return taken',
        by: 'if (clock() > 0) return taken',
      },
    ],
    project: 'unit',
    tests: ['test/unit/ledger'],
  },
  {
    name: 'what others made at a vendor is nobody’s',
    breaks: [
      { file: 'src/routes/owned-at-vendors.ts', text: 'if (!others) return', by: 'if (others || !others) return' },
    ],
    project: 'unit',
    tests: ['test/unit/routes/owned-at-vendors.test.ts'],
  },
]
