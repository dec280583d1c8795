import type { Deployment } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Grant, Settlement, Take, Taken } from '../ledger/port.ts'
import { minNano } from '../money.ts'
import type { WorstCase } from '../operations/chat.ts'
import { type Applies, appliesTo } from '../tenants/applies.ts'
import type { Principal } from '../tenants/principal.ts'
import { type Charge, chargeOf } from './charge.ts'
import { tokensTaken, tokensUsed } from './counted-tokens.ts'
import type { GatewayDeps } from './deps.ts'
import type { Outcome } from './finish.ts'
import { refused } from './refusal.ts'

/** What is held for one thing that a vendor will bill: a response, or a transcription. */
export interface Hold {
  /** A UUIDv7: the id of its row. */
  readonly id: string
  readonly takenAtMs: number
  readonly principal: Principal
  readonly deployment: Deployment
  /** Absent for callers whom nothing limits. */
  readonly grant?: Grant
}

/** It may still be on its way, where the vendor was faster than the ledger. */
export type Held = Hold | Promise<Hold | GatewayError>

export interface Wanted {
  readonly principal: Principal
  readonly deployment: Deployment
  readonly worst: WorstCase
  /** It runs already: whatever is left is held for it, however little. */
  readonly runs?: true
}

/** How long one response may last, and how long a hold may wait for it to begin: later it would be of another window. */
export const LONGEST_TURN_MS = 600_000
const FRESH_MS = 60_000

/**
 * Holds the worst case, in all scopes or none; the hold that it replaces, which nothing was billed for, ends as this one
 * begins, also where this one is refused. A conversation counts once as a request, and has one slot, which are the
 * session's own: here are money and tokens alone. Answers the refusal as a value.
 */
export async function hold(wanted: Wanted, deps: GatewayDeps, instead?: Hold): Promise<Hold | GatewayError> {
  const { principal, deployment, worst, runs } = wanted
  const { clock, config, ledger } = deps
  const takenAtMs = clock()
  const bare: Hold = { id: newId(takenAtMs), takenAtMs, principal, deployment }
  const { scopes, limits } = countedIn(wanted, deps)
  const budgeted = scopes.some(({ limited }) => limited)
  if (!budgeted && limits.length === 0) {
    if (instead) release(instead, deps)
    return bare
  }
  if (budgeted && worst.costNano === undefined) {
    if (instead) release(instead, deps)
    return unbounded(worst)
  }
  const take: Take = {
    ...{ attempt: bare.id, scopes, alone: true },
    limits: runs ? [] : limits,
    amountNano: budgeted ? (worst.costNano ?? 0n) : 0n,
    ...(runs && { leastNano: 0n }),
    tokens: tokensTaken(worst, config.general),
    callMs: FRESH_MS + LONGEST_TURN_MS,
  }
  const ended = instead && unusedOf(instead)
  const replaces = ended !== undefined && instead?.grant?.ledger === principal.ledger
  if (instead && !replaces) release(instead, deps)
  let taken: Taken
  try {
    taken = replaces ? await ledger.reprice(principal.ledger, ended, take) : await ledger.take(principal.ledger, take)
  } catch (cause) {
    if (instead) release(instead, deps)
    return new GatewayError('ledger_unavailable', 'The budget ledger cannot be reached. Ask again in a moment.', {
      retryAfterMs: 1_000,
      cause,
    })
  }
  if (taken.granted) return { ...bare, grant: taken.grant }
  // It may not have been heard that the one before is over.
  if (instead && taken.refusal.kind === 'ledger_unavailable') release(instead, deps)
  return refused(taken.refusal, config.general)
}

/** Whether what is held is enough for the worst case, and young enough to be begun on. */
export function covers({ grant, takenAtMs }: Hold, worst: WorstCase, nowMs: number): boolean {
  if (nowMs - takenAtMs > FRESH_MS) return false
  return grant === undefined || !grant.covered.includes(true) || grant.amountNano >= (worst.costNano ?? 0n)
}

/** Nothing came of it. */
export function release(one: Hold, deps: GatewayDeps): void {
  const close = unusedOf(one)
  if (close && one.grant) deps.handOver.add({ ledger: one.grant.ledger, close }, deps.defer)
}

/** The end of what was billed, as its ledger is told it, and what it cost. */
export function endOf(
  { grant, id, deployment }: Hold,
  { usage }: Pick<Outcome, 'usage'>,
  { config }: GatewayDeps,
): { readonly charge: Charge; readonly close?: Settlement } {
  const charge = chargeOf(deployment, usage)
  if (!grant) return { charge }
  const paid = { paidNano: minNano(charge.costNano, grant.amountNano), tokens: tokensUsed(usage, config.general) }
  return { charge, close: { grantId: grant.id, attempt: id, ...paid, ...(grant.also && { also: grant.also }) } }
}

function unusedOf({ id, grant }: Hold): Settlement | undefined {
  return (
    grant && {
      ...{ grantId: grant.id, attempt: id, paidNano: 0n, tokens: 0, untaken: true },
      ...(grant.also && { also: grant.also }),
    }
  )
}

function countedIn({ principal, deployment }: Wanted, { config }: GatewayDeps): Applies {
  const { scopes, limits } = appliesTo(principal, deployment, config)
  const ofTokens = limits.flatMap(({ rpm: _, maxParallel: __, ...rest }) => (rest.tpm === undefined ? [] : [rest]))
  return { scopes, limits: ofTokens }
}

function unbounded({ unbounded }: WorstCase): GatewayError {
  return new GatewayError(
    'model_without_price',
    `A caller with a budget cannot use this: ${unbounded ?? 'nobody knows what it can cost.'}`,
    { retry: false },
  )
}
