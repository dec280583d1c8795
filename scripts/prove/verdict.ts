import { answeredWhileBlocked, kindOf, lateOnes } from './answers.ts'
import { brokenIn, type WindowNow } from './audit.ts'
import { booksOf } from './books.ts'
import type { Evidence } from './evidence.ts'
import { falseRefusals } from './false-refusals.ts'
import { missingFrom } from './happened.ts'
import { budgetRefusals, occupantsOf } from './occupants.ts'
import { aboveRates, limitedOf } from './rates.ts'
import { acknowledgedWithoutRow, chargedTwice, doubles } from './rows.ts'

export interface Verdict {
  /** Broken promises by name: each must be 0. */
  readonly broken: Readonly<Record<string, number>>
  /** What there was, for the reader. */
  readonly counted: Readonly<Record<string, number>>
  /** The first of each kind of breakage. */
  readonly examples: Readonly<Record<string, unknown>>
}

export function verdictOn(evidence: Evidence): Verdict {
  const { rows, seen, plan } = evidence
  const examples: Record<string, unknown> = {}
  const count = <T>(name: string, found: readonly T[]): number => {
    if (found[0] !== undefined) examples[name] = found[0]
    return found.length
  }
  const books = booksOf(evidence)
  const rest = brokenIn(evidence.atRest)
  if (rest.example) examples['at rest'] = shown(rest.example)
  const limited = limitedOf(evidence)
  const circumstances = {
    limited: new Set(limited.map(({ entity }) => entity)),
    late: lateOnes(evidence),
  }
  const kinds = seen.map((one) => ({ one, kind: kindOf(one, evidence, circumstances) }))
  const counted: Record<string, number> = { requests: plan.requests.length }
  for (const { kind } of kinds) counted[kind] = (counted[kind] ?? 0) + 1
  const refusals = budgetRefusals(seen)
  const acknowledged = acknowledgedWithoutRow(evidence, books)

  const broken = {
    'lent by an exchange beyond the limit then in force': evidence.lentBeyond,
    'spent and leased above the limit, or its ceiling': evidence.polled.above + rest.broken.above,
    'sum of the log is not spent': evidence.polled.log + rest.broken.log,
    'leases are not what is leased': evidence.polled.leases + rest.broken.leases,
    'leases left at rest': count(
      'leases left at rest',
      evidence.atRest.filter(({ leased }) => leased !== 0n).map(shown),
    ),
    'double rows': count('double rows', doubles(rows)),
    'rows that do not count with their key': count(
      'rows that do not count with their key',
      rows.filter(({ kind, scopes }) => kind === 'request' && !scopes.some((scope) => scope.startsWith('key:'))),
    ),
    'charged by its row and by an expired row': count('charged by its row and by an expired row', chargedTwice(rows)),
    'acknowledged answers without a row or charge': count(
      'acknowledged answers without a row or charge',
      acknowledged.uncharged,
    ),
    'acknowledged answers at another cost': count('acknowledged answers at another cost', acknowledged.otherCost),
    'expired grants charged less than was billed': count(
      'expired grants charged less than was billed',
      books.chargedLess,
    ),
    'billed, and nobody was charged': count('billed, and nobody was charged', books.uncharged),
    overruns: count(
      'overruns',
      rows.filter(({ overrun }) => overrun),
    ),
    'false refusals': count('false refusals', falseRefusals(refusals, occupantsOf(evidence, books), evidence.limits)),
    'above a limit of requests, tokens or slots': count(
      'above a limit of requests, tokens or slots',
      aboveRates(evidence, limited),
    ),
    'answers to a blocked key': count('answers to a blocked key', answeredWhileBlocked(evidence, books)),
    'strange answers': count(
      'strange answers',
      kinds.filter(({ kind }) => kind === 'strange').map(({ one }) => one),
    ),
    'dead letters': evidence.deadLetters,
    'messages left in the queues': evidence.queued,
    'what makes it no storm': count('what makes it no storm', missingFrom(evidence, counted)),
  }
  counted['answers whose row died with its isolate, charged as held'] = acknowledged.charged.length
  counted['answers whose usage came after their deadline, charged as reckoned'] = acknowledged.overdue.length
  counted.rows = rows.filter(({ kind }) => kind === 'request').length
  counted['expired grants'] = rows.filter(({ kind }) => kind === 'expired').length
  counted['expired grants that melted'] = rows.filter(
    ({ kind, costNano }) => kind === 'expired' && costNano === 0,
  ).length
  counted['billed by the provider'] = evidence.bills.length
  counted['scopes and windows'] = evidence.atRest.length
  counted['windows with a limit'] = evidence.atRest.filter(({ ceiling }) => ceiling !== undefined).length
  counted['windows used up'] = new Set(refusals.map(({ scope, startMs }) => `${startMs}/${scope}`)).size
  for (const one of refusals) {
    const level = `refusals by ${one.scope.split(':')[0]}`
    counted[level] = (counted[level] ?? 0) + 1
  }
  for (const { facts } of seen) {
    if (facts?.limit_type === undefined) continue
    const level = `refusals by ${facts.limit_type} of a ${String(facts.entity).split(':')[0]}`
    counted[level] = (counted[level] ?? 0) + 1
  }
  return { broken, counted, examples }
}

const shown = (window: WindowNow) => ({
  ...window,
  spent: String(window.spent),
  leased: String(window.leased),
  logged: String(window.logged),
  leases: String(window.leases),
  ceiling: window.ceiling === undefined ? null : String(window.ceiling),
})
