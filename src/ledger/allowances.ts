import { newId } from '../ids.ts'
import { maxNano, type NanoUsd } from '../money.ts'
import { ALLOWANCE_LIFE_MS, FEWEST_REQUESTS, MOST_REQUESTS } from './allowance.ts'
import type { Allowance, AllowanceAsk, AllowanceClose, Settlement, Take, Taken } from './port.ts'

/** Requests a second fade over this long: long enough not to jump, short enough to notice a burst. */
const FADE_MS = 500
/** After a ledger declined to lend ahead, it is left alone for this long. */
const DECLINED_MS = 1_000
/** An allowance may be on its way for so long, with a slice from the database behind it: what is left should last. */
const REFILL_MS = 150
/** No answer comes later than this. */
const ASKING_MS = 10_000
const MOST_LINES = 2_000
const QUIET_MS = 10_000

/** Requests of one caller: the same ledger, scopes and limits. */
interface Line {
  readonly key: string
  readonly ledger: string
  /** The newest last; those over are no longer here. */
  shares: Share[]
  /** What runs on them, by attempt: of another line, the same attempt has a part of its own. */
  readonly parts: Map<string, Part>
  /** Whoever asks may die before the answer. */
  askingUntilMs: number
  notBeforeMs: number
  perMs: number
  atMs: number
  holdNano: NanoUsd
  holdTokens: number
  /** How many run on allowances, and the most lately. */
  running: number
  peak: number
  /** What a request costs on average, once one has ended. */
  paidNano: number | undefined
  paidTokens: number
}

/** An allowance in use. */
interface Share {
  readonly line: Line
  readonly allowance: Allowance
  balanceNano: NanoUsd
  requestsLeft: number
  tokensLeft: number
  usedNano: NanoUsd
  usedTokens: number
  openNano: NanoUsd
  openTokens: number
  running: number
  /** The ledger knows that nothing starts on it any more. */
  told: boolean
}

interface Part {
  readonly share: Share
  readonly holdNano: NanoUsd
  readonly tokens: number
}

/**
 * An isolate's allowances: plain data that all its requests spend from without a hop. Every number here is written down
 * by the ledger before it is spent, and what is lost with the isolate expires there. It does no I/O: whoever calls it
 * asks the ledger and tells it.
 */
export class Allowances {
  readonly #lines = new Map<string, Line>()
  /** What a caller's scopes lead to, so that a name is made once for each copy of its principal. */
  readonly #known = new WeakMap<object, { limits: Take['limits']; line: Line }>()
  readonly #shares = new Map<string, Share>()
  readonly #byLedger = new Map<string, Set<Share>>()

  /** Notes the request, and spends from an allowance if one has enough of everything. */
  take(ledger: string, take: Take, nowMs: number): Taken | undefined {
    const line = this.#lineOf(ledger, take, nowMs)
    const again = line.parts.get(take.attempt)
    if (again) return partOf(again.share, take)
    // In one millisecond nothing fades.
    if (nowMs !== line.atMs) line.perMs *= Math.exp(-Math.max(0, nowMs - line.atMs) / FADE_MS)
    line.perMs += 1 / FADE_MS
    line.atMs = nowMs
    // The largest lately: it grows at once and fades.
    if (take.amountNano !== line.holdNano) line.holdNano = maxNano(take.amountNano, line.holdNano - line.holdNano / 64n)
    line.holdTokens = Math.max(take.tokens, line.holdTokens - line.holdTokens / 64)

    const share = line.shares.find((one) => hasRoom(one, take, nowMs))
    if (!share) return undefined
    share.requestsLeft -= 1
    share.balanceNano -= take.amountNano
    share.tokensLeft -= take.tokens
    share.openNano += take.amountNano
    share.openTokens += take.tokens
    share.running += 1
    line.running += 1
    line.peak = Math.max(line.running, line.peak - line.peak / 256)
    line.parts.set(take.attempt, { share, holdNano: take.amountNano, tokens: take.tokens })
    return partOf(share, take)
  }

  /** What to ask the ledger for now, ahead of need; whoever gets an answer asks, and calls `add` or `declined`. */
  wanted(ledger: string, take: Take, nowMs: number): AllowanceAsk | undefined {
    const line = this.#lineOf(ledger, take, nowMs)
    const expected = line.perMs * ALLOWANCE_LIFE_MS
    if (nowMs < line.askingUntilMs || nowMs < line.notBeforeMs || expected < FEWEST_REQUESTS) return undefined
    if (!isLow(line, nowMs)) return undefined
    if (take.limits.some(({ maxParallel }) => maxParallel !== undefined)) return undefined
    line.shares = line.shares.filter((share) => !isOver(share, nowMs))

    line.askingUntilMs = nowMs + ASKING_MS
    const requests = Math.min(Math.ceil(expected), MOST_REQUESTS)
    const running = Math.ceil(line.peak) + 1
    const openNano = BigInt(running) * line.holdNano
    const spentNano = line.paidNano === undefined ? line.holdNano * BigInt(requests) : likely(line.paidNano, requests)
    const tokens = line.paidNano === undefined ? line.holdTokens : line.paidTokens
    return {
      id: newId(nowMs),
      scopes: take.scopes,
      limits: take.limits,
      amountNano: openNano + spentNano,
      requests,
      tokens: Math.ceil(running * line.holdTokens + tokens * requests),
      holdNano: line.holdNano,
      openNano,
      holdTokens: Math.ceil(line.holdTokens),
      callMs: take.callMs,
    }
  }

  add(ledger: string, take: Take, allowance: Allowance, nowMs: number): void {
    const line = this.#lineOf(ledger, take, nowMs)
    line.askingUntilMs = 0
    const share: Share = {
      line,
      allowance,
      balanceNano: allowance.grant.amountNano,
      requestsLeft: allowance.requests,
      tokensLeft: allowance.tokens,
      usedNano: 0n,
      usedTokens: 0,
      openNano: 0n,
      openTokens: 0,
      running: 0,
      told: false,
    }
    line.shares.push(share)
    this.#shares.set(allowance.grant.id, share)
    const others = this.#byLedger.get(ledger)
    if (others) others.add(share)
    else this.#byLedger.set(ledger, new Set([share]))
  }

  declined(ledger: string, take: Take, nowMs: number): void {
    const line = this.#lineOf(ledger, take, nowMs)
    line.askingUntilMs = 0
    line.notBeforeMs = nowMs + DECLINED_MS
  }

  /** Ends a part of an allowance. False when it is none of ours, and the ledger's to settle. */
  settle({ grantId, attempt, paidNano, tokens, untaken }: Settlement): boolean {
    if (attempt === undefined) return false
    const share = this.#shares.get(grantId)
    const part = share?.line.parts.get(attempt)
    if (!part || part.share !== share) return share !== undefined
    const { line } = share
    const { holdNano } = part
    line.parts.delete(attempt)
    share.balanceNano += holdNano - paidNano
    share.tokensLeft += part.tokens - tokens
    share.usedNano += paidNano
    share.usedTokens += tokens
    share.openNano -= holdNano
    share.openTokens -= part.tokens
    share.running -= 1
    line.running -= 1
    if (untaken) {
      share.requestsLeft += 1
      return true
    }
    const seen = line.paidNano !== undefined
    line.paidNano = seen ? (line.paidNano ?? 0) * 0.9 + Number(paidNano) * 0.1 : Number(paidNano)
    line.paidTokens = seen ? line.paidTokens * 0.9 + tokens * 0.1 : tokens
    return true
  }

  /** What a ledger should hear: allowances that are over, and those on which nothing starts any more. */
  due(ledger: string, nowMs: number): AllowanceClose[] {
    const shares = this.#byLedger.get(ledger)
    if (!shares) return []
    const due: AllowanceClose[] = []
    for (const share of shares) {
      if (!isOver(share, nowMs) || (share.running > 0 && (share.told || nowMs <= share.allowance.grant.startByMs)))
        continue
      due.push(closeOf(share))
    }
    return due
  }

  /** The ledger has heard it. */
  told(ledger: string, closes: readonly AllowanceClose[]): void {
    for (const { grantId, running } of closes) {
      const share = this.#shares.get(grantId)
      if (!share) continue
      share.told = true
      if (running > 0) continue
      this.#shares.delete(grantId)
      share.line.shares = share.line.shares.filter((one) => one !== share)
      const others = this.#byLedger.get(ledger)
      others?.delete(share)
      if (others?.size === 0) this.#byLedger.delete(ledger)
    }
  }

  #lineOf(ledger: string, { scopes, limits }: Take, nowMs: number): Line {
    const known = this.#known.get(scopes)
    if (known && known.limits === limits && known.line.ledger === ledger) return known.line
    const key = JSON.stringify([ledger, scopes, limits])
    const line = this.#lines.get(key) ?? this.#newLine(key, ledger, nowMs)
    this.#known.set(scopes, { limits, line })
    return line
  }

  #newLine(key: string, ledger: string, nowMs: number): Line {
    if (this.#lines.size >= MOST_LINES) {
      for (const line of this.#lines.values()) {
        if (line.shares.length === 0 && nowMs - line.atMs > QUIET_MS) this.#lines.delete(line.key)
      }
    }
    const line: Line = {
      key,
      ledger,
      shares: [],
      parts: new Map(),
      askingUntilMs: 0,
      notBeforeMs: 0,
      perMs: 0,
      atMs: nowMs,
      holdNano: 0n,
      holdTokens: 0,
      running: 0,
      peak: 0,
      paidNano: undefined,
      paidTokens: 0,
    }
    this.#lines.set(key, line)
    return line
  }
}

function hasRoom({ allowance, balanceNano, requestsLeft, tokensLeft }: Share, take: Take, nowMs: number): boolean {
  return (
    nowMs <= allowance.grant.startByMs &&
    requestsLeft > 0 &&
    balanceNano >= take.amountNano &&
    (take.tokens <= tokensLeft || take.limits.every(({ tpm }) => tpm === undefined))
  )
}

/** Nothing will start on it any more. */
function isOver({ allowance, requestsLeft }: Share, nowMs: number): boolean {
  return requestsLeft === 0 || nowMs > allowance.grant.startByMs
}

/** What is left in requests, time or money will not last until the next allowance is here. */
function isLow({ shares, perMs, holdNano }: Line, nowMs: number): boolean {
  let requests = 0
  for (const share of shares) {
    if (isOver(share, nowMs)) continue
    const { allowance, requestsLeft, balanceNano } = share
    const started = allowance.requests - requestsLeft
    const outOfMoney = started * 4 >= allowance.requests && balanceNano < 2n * holdNano
    if (!outOfMoney && allowance.grant.startByMs - nowMs > REFILL_MS) requests += requestsLeft
  }
  return requests <= perMs * REFILL_MS
}

/** The allowance's grant, for this request's part of it. */
function partOf({ allowance, requestsLeft, tokensLeft }: Share, { amountNano }: Take): Taken {
  const left = { requests: requestsLeft, tokens: Math.max(0, tokensLeft), max_parallel_requests: 0 }
  return {
    granted: true,
    grant: { ...allowance.grant, amountNano },
    rates: allowance.rates.map((state) => ({ ...state, remaining: state.remaining + left[state.kind] })),
  }
}

function closeOf({
  allowance,
  usedNano,
  usedTokens,
  openNano,
  openTokens,
  running,
  requestsLeft,
}: Share): AllowanceClose {
  return {
    grantId: allowance.grant.id,
    usedNano,
    openNano,
    running,
    requests: allowance.requests - requestsLeft,
    tokens: usedTokens + openTokens,
  }
}

function likely(meanNano: number, requests: number): NanoUsd {
  return BigInt(Math.ceil(meanNano * requests))
}
