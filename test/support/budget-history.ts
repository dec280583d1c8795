import * as fc from 'fast-check'
import type { BookAsk, BookEvent, BookGrant } from '../../src/budget/books.ts'
import { newId } from '../../src/ids.ts'

/** One statement of a random history. Ids come from a small set, so that repeats, late rows and expiries meet. */
export type Step =
  | { readonly do: 'limit'; readonly scope: string; readonly nano: bigint | null }
  | { readonly do: 'exchange'; readonly ledger: string; readonly asks: readonly BookAsk[] }
  | { readonly do: 'record'; readonly events: readonly BookEvent[] }
  | { readonly do: 'expire'; readonly ledger: string; readonly grants: readonly (BookGrant & { settleByMs: number })[] }
  | { readonly do: 'refund'; readonly grantId: string; readonly usedNano: bigint | null }
  | {
      readonly do: 'reset'
      readonly operation: string
      readonly scope: string
      readonly startMs: number
      readonly targetNano: bigint
    }

const NOW = Date.UTC(2026, 10, 22, 23, 59, 59)
const SCOPES = ['key:a@life', 'key:a@1d', 'org:o@1d']
const STARTS = [0, Date.UTC(2026, 10, 22)]
const LEDGERS = ['org:o', 'key:a']
/** Beyond 2^53: a rounding anywhere shows. */
const BIG = 9_007_199_254_740_993n

export function histories(): fc.Arbitrary<readonly Step[]> {
  const scope = fc.constantFrom(...SCOPES)
  const window = fc.record({ scope, startMs: fc.constantFrom(...STARTS) })
  const windows = fc.uniqueArray(window, { minLength: 1, maxLength: 3, selector: (w) => `${w.scope}|${w.startMs}` })
  const ledger = fc.constantFrom(...LEDGERS)
  const nano = fc.oneof({ weight: 9, arbitrary: fc.bigInt(0n, 60n) }, { weight: 1, arbitrary: fc.constant(BIG) })
  const small = fc.bigInt(0n, 40n)

  // The day turns between them: rows, grants and their expiries lie in different partitions.
  const attempts = Array.from({ length: 8 }, (_, n) => newId(NOW + n * 400))
  const grants = Array.from({ length: 6 }, (_, n) => `${LEDGERS[n % 2]}:${newId(NOW + n * 500)}`)
  const operations = Array.from({ length: 2 }, () => newId(NOW))
  const grantId = fc.constantFrom(...grants)
  const isSingle = (id: string) => grants.indexOf(id) < 3

  const ask = fc.record({ window, wantNano: nano, returnedNano: small, seq: fc.nat(6) }).map(({ window, ...rest }) => ({
    ...window,
    ...rest,
  }))
  const asks = fc.uniqueArray(ask, { minLength: 1, maxLength: 3, selector: (a) => `${a.scope}|${a.startMs}` })
  const event = fc
    .record({
      id: fc.constantFrom(...attempts),
      grant: fc.option(grantId),
      hold: small,
      cost: small,
      windows,
      covered: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    })
    .map(({ id, grant, hold, cost, windows, covered }) => ({
      id,
      ledger: grant === null ? null : grant.slice(0, grant.lastIndexOf(':')),
      grant_id: grant,
      single: grant === null || isSingle(grant),
      hold_nano: String(hold),
      cost_nano: String(cost),
      scopes: windows.map((w) => w.scope),
      windows: windows.map((w) => w.startMs),
      covered: windows.map((_, n) => covered[n] ?? false),
    }))
  const coverage = fc.array(fc.boolean(), { minLength: 3, maxLength: 3 })
  const grant = fc.record({ id: grantId, amountNano: small, windows, coverage }).map(({ coverage: which, ...g }) => ({
    ...g,
    covered: g.windows.map((_, n) => which[n] ?? false),
    single: isSingle(g.id),
    settleByMs: NOW + 60_000,
  }))

  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('limit' as const), scope, nano: fc.option(nano) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('exchange' as const), ledger, asks }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('record' as const),
        events: fc.uniqueArray(event, { minLength: 1, maxLength: 4, selector: (e) => e.id }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('expire' as const),
        ledger,
        grants: fc.uniqueArray(grant, { minLength: 1, maxLength: 2, selector: (g) => g.id }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('refund' as const), grantId, usedNano: fc.option(small) }) },
    {
      weight: 1,
      arbitrary: window.chain((w) =>
        fc.record({
          do: fc.constant('reset' as const),
          operation: fc.constantFrom(...operations),
          scope: fc.constant(w.scope),
          startMs: fc.constant(w.startMs),
          targetNano: small,
        }),
      ),
    },
  )
  return fc.array(step, { minLength: 1, maxLength: 25 }).map((steps) => [...opening(), ...steps])
}

/** Every ledger begins with money in every window, so that what follows moves some. */
function opening(): readonly Step[] {
  const asks = SCOPES.flatMap((scope) =>
    STARTS.map((startMs) => ({ scope, startMs, wantNano: 100n, returnedNano: 0n, seq: 0 })),
  )
  return [
    ...SCOPES.map((scope) => ({ do: 'limit' as const, scope, nano: 300n })),
    ...LEDGERS.map((ledger) => ({ do: 'exchange' as const, ledger, asks })),
  ]
}
