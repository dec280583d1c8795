import fc from 'fast-check'
import { expect, it } from 'vitest'
import { record } from '../../../src/budget/books.ts'
import { MemoryLedger } from '../../../src/ledger/memory.ts'
import type { Grant } from '../../../src/ledger/port.ts'
import { SharedLimits } from '../../../src/ledger/shared-limits.ts'
import { FickleSource, rowOf, scope, settings, takeOf } from '../../contract/ledger-world.ts'

const [KEY, USER, TEAM] = [scope('key:k@1m'), scope('user:u@life'), scope('team:b@life')]
const LIMITS = [
  { entity: 'key:k', rpm: 5, tpm: 300 },
  { entity: 'user:u', maxParallel: 4 },
]
const CALLERS = [
  { ledger: 'team:a', scopes: [KEY, USER], limits: LIMITS },
  { ledger: 'team:b', scopes: [USER, TEAM], limits: [] },
]

const step = fc.record({
  caller: fc.constantFrom(...CALLERS),
  amountNano: fc.bigInt({ min: 0n, max: 60n }),
  leastNano: fc.option(fc.bigInt({ min: 0n, max: 60n }), { nil: undefined }),
  tokens: fc.integer({ min: 0, max: 120 }),
  /** How many of those that run end before. */
  ends: fc.nat({ max: 1 }),
  share: fc.constantFrom(0, 0.5, 1),
  afterMs: fc.constantFrom(0, 0, 300, 300, 4_000, 20_000, 61_000),
})

it('a check says what the take after it meets, and changes nothing of it', async () => {
  const met = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
      let nowMs = Date.UTC(2026, 10, 22, 12)
      const source = new FickleSource()
      for (const [{ name }, nano] of [
        [KEY, 120n],
        [USER, 260n],
        [TEAM, 200n],
      ] as const)
        source.books.limits.set(name, nano)
      const objects = new MemoryLedger({ source, settings, clock: () => nowMs })
      const ledger = new SharedLimits(objects)
      const running: Grant[] = []
      for (const { caller, amountNano, leastNano, tokens, ends, share, afterMs } of steps) {
        nowMs += afterMs
        for (const grant of running.splice(0, ends)) {
          const costNano = BigInt(Math.round(Number(grant.amountNano) * share))
          record(source.books, [rowOf(grant, costNano)])
          const { also = [] } = grant
          const end = { grantId: grant.id, paidNano: costNano, tokens: 1, attempt: grant.id.slice(-36), also }
          await ledger.settle(grant.ledger, [end])
        }
        for (const name of ['team:a', 'team:b', 'user:u']) await objects.tick(name)
        const { scopes, limits } = caller
        const least = leastNano === undefined ? {} : { leastNano }
        const take = takeOf({ now: () => nowMs }, { scopes, limits, amountNano, tokens, ...least })
        const first = await ledger.check(caller.ledger, take)
        const said = await ledger.check(caller.ledger, take)
        expect(said).toEqual(first)
        const taken = await ledger.take(caller.ledger, take)
        const answer = taken.granted ? 'granted' : taken.refusal.kind
        met.set(answer, (met.get(answer) ?? 0) + 1)
        const { refusal } = said
        if (taken.granted) {
          running.push(taken.grant)
          expect(refusal).toBeUndefined()
        } else expect(refusal).toMatchObject({ kind: taken.refusal.kind })
        if (!taken.granted && 'scope' in taken.refusal)
          expect(refusal).toMatchObject({ scope: taken.refusal.scope, neededNano: taken.refusal.neededNano })
        if (!taken.granted && taken.refusal.kind === 'rate_limited') expect(refusal).toEqual(taken.refusal)
      }
    }),
    { numRuns: 200 },
  )
  for (const answer of ['granted', 'rate_limited', 'budget_held', 'budget_exceeded'])
    expect(met.get(answer)).toBeGreaterThan(20)
})
