import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterAnswer,
  afterFailure,
  afterTally,
  type CircuitSettings,
  type CircuitState,
  circuitAt,
  circuitSettings,
  type Failed,
  failureName,
  joined,
  neverOpened,
  verdictOn,
} from '../../../src/health/circuit.ts'
import type { Tally } from '../../../src/health/window.ts'

const NOW = 1_000_000
const settings: CircuitSettings = { never: false, alone: false, wildcard: false, routerCooldownMs: 5_000 }

const kindOf: Readonly<Record<number, Failed['kind']>> = { 408: 'timeout', 429: 'rate_limited', 401: 'auth_error' }
const failure = (status: number, more: Partial<Failed> = {}) => ({
  kind: kindOf[status] ?? 'upstream_failed',
  status,
  startedAtMs: NOW - 10,
  ...more,
})

function tally(good: number, fails: Record<string, number>): Tally {
  const failures = Object.values(fails).reduce((sum, one) => sum + one, 0)
  return { requests: good + failures, tokens: 0, good, failures, fails }
}

/** The circuit after one more failure of this status, which the counts contain. */
function fails(status: number, { good = 0, before = 0, ...more }: Facts = {}): CircuitState {
  const failed = failure(status, more.retryAfterMs === undefined ? {} : { retryAfterMs: more.retryAfterMs })
  const counted = tally(good, { [failureName(failed)]: before + 1 })
  return afterFailure(neverOpened, failed, { tally: counted, settings: { ...settings, ...more.settings }, nowMs: NOW })
}
interface Facts {
  good?: number
  before?: number
  retryAfterMs?: number
  settings?: Partial<CircuitSettings>
}

const opensFor = (circuit: CircuitState) => (circuit.closed ? 0 : circuit.openUntilMs - NOW)

describe('a circuit by LiteLLM’s defaults', () => {
  it('opens at once after 429, 401 and 404, for five seconds', () => {
    for (const status of [429, 401, 404]) expect(opensFor(fails(status, { good: 100 }))).toBe(5_000)
  })

  it('lets the only deployment of a group go on after 429, and not after 401', () => {
    expect(fails(429, { settings: { alone: true } })).toBe(neverOpened)
    expect(opensFor(fails(401, { settings: { alone: true } }))).toBe(5_000)
  })

  it('opens when more than half of at least five requests of a minute failed', () => {
    expect(fails(503, { good: 0, before: 3 })).toBe(neverOpened)
    expect(opensFor(fails(503, { good: 0, before: 4 }))).toBe(5_000)
    expect(fails(503, { good: 5, before: 4 })).toBe(neverOpened)
    expect(opensFor(fails(503, { good: 4, before: 4 }))).toBe(5_000)
    expect(fails(503, { good: 4, before: 4 }).because).toContain('5 of 9')
  })

  it('opens the only deployment of a group only when a thousand requests failed and none did not', () => {
    const settings = { alone: true }
    expect(fails(503, { before: 998, settings })).toBe(neverOpened)
    expect(fails(503, { before: 5_000, good: 1, settings })).toBe(neverOpened)
    expect(opensFor(fails(503, { before: 999, settings }))).toBe(5_000)
  })

  it('asks the deployment’s cooldown first, then the vendor, then the router', () => {
    expect(opensFor(fails(429, { retryAfterMs: 20_000 }))).toBe(20_000)
    expect(opensFor(fails(429, { retryAfterMs: 20_000, settings: { cooldownMs: 3_000 } }))).toBe(3_000)
    expect(opensFor(fails(429, { retryAfterMs: 0, settings: { routerCooldownMs: 7_000 } }))).toBe(7_000)
    expect(fails(429, { retryAfterMs: 20_000 }).because).toContain('20 s')
  })

  it('waits no longer than an hour for a vendor that asks for more', () => {
    expect(opensFor(fails(429, { retryAfterMs: 1e12 }))).toBe(3_600_000)
  })

  it('never opens where cooldowns are switched off', () => {
    expect(fails(401, { settings: { never: true } })).toBe(neverOpened)
  })
})

describe('a circuit with allowed fails', () => {
  it('opens when more have failed than are allowed, even the only one of its group', () => {
    const settings = { allowedFails: 2, alone: true }
    expect(fails(500, { before: 1, settings })).toBe(neverOpened)
    expect(opensFor(fails(500, { before: 2, settings }))).toBe(5_000)
    expect(opensFor(fails(429, { before: 0, settings: { allowedFails: 0 } }))).toBe(5_000)
  })

  it('counts each kind apart where the policy names it', () => {
    const settings = { allowedFailsPolicy: { RateLimitError: 3, InternalServerError: 1 } }
    expect(fails(429, { before: 2, settings })).toBe(neverOpened)
    expect(opensFor(fails(429, { before: 3, settings }))).toBe(5_000)
    expect(opensFor(fails(503, { before: 1, settings }))).toBe(5_000)
    expect(opensFor(fails(401, { settings }))).toBe(5_000)
  })
})

describe('what counts against a deployment', () => {
  const on = (kind: Failed['kind'], status: number, more: Partial<CircuitSettings> = {}) =>
    verdictOn({ kind, status }, { ...settings, ...more })

  it('is what says that it is down, late, full, or not ours to use', () => {
    for (const status of [401, 404, 408, 429, 500, 503, 529]) expect(on('upstream_failed', status)).toBe('bad')
  })

  it('is not a request that no deployment would serve', () => {
    expect(on('invalid_request', 400)).toBe('alive')
    expect(on('context_window_exceeded', 400)).toBe('alive')
    expect(on('content_policy_violation', 400)).toBe('alive')
  })

  it('is neither a client that left nor a fault of our own', () => {
    expect(on('client_closed', 499)).toBe('nothing')
    expect(on('internal', 500)).toBe('nothing')
    expect(on('ledger_unavailable', 503)).toBe('nothing')
  })

  it('is a model that is not there, unless the deployment stands for many', () => {
    expect(on('model_not_found', 404, { wildcard: true })).toBe('alive')
  })

  it('is also what the policy names', () => {
    expect(on('invalid_request', 400, { allowedFailsPolicy: { BadRequestError: 10 } })).toBe('bad')
  })
})

describe('a circuit that opened', () => {
  const open: CircuitState = { openUntilMs: NOW + 5_000, closed: false, because: 'a test' }
  const later = { tally: tally(0, { InternalServerError: 1 }), settings, nowMs: NOW + 6_000 }

  it('is half-open when its time is over', () => {
    expect(circuitAt(open, NOW + 4_999)).toBe('open')
    expect(circuitAt(open, NOW + 5_000)).toBe('half_open')
  })

  it('is closed by an answer to a request that tried it, and by no other', () => {
    expect(afterAnswer(open, NOW + 4_999)).toBe(open)
    expect(circuitAt(afterAnswer(open, NOW + 5_001), NOW + 6_000)).toBe('closed')
  })

  it('opens again when the request that tried it fails, and not for one that began before', () => {
    const tried = afterFailure(open, failure(503, {}), later)
    expect(tried).toBe(open)
    const again = afterFailure(open, { ...failure(503), startedAtMs: NOW + 5_500 }, later)
    expect(again.openUntilMs).toBe(NOW + 11_000)
  })

  it('opens for longer each time it is tried in vain, up to four times; until it is well, or the vendor says when', () => {
    let circuit = open
    const tried = (retryAfterMs?: number) => {
      const nowMs = circuit.openUntilMs
      const failed = { ...failure(503), ...(retryAfterMs && { retryAfterMs }), startedAtMs: nowMs }
      circuit = afterFailure(circuit, failed, { ...later, nowMs })
      return circuit.openUntilMs - nowMs
    }
    expect([tried(), tried(), tried(), tried(), tried(), tried(3_000)]).toEqual([
      5_000, 10_000, 20_000, 20_000, 20_000, 3_000,
    ])
    circuit = afterAnswer(circuit, circuit.openUntilMs)
    expect(circuit.closed).toBe(true)
    circuit = afterTally(circuit, tally(1, { InternalServerError: 6 }), settings, circuit.openUntilMs)
    expect(tried()).toBe(5_000)
  })

  it('opens by the numbers of all isolates together', () => {
    const counts = tally(1, { InternalServerError: 6 })
    expect(opensFor(afterTally(neverOpened, counts, settings, NOW))).toBe(5_000)
    expect(afterTally(open, counts, settings, NOW)).toBe(open)
    expect(afterTally(neverOpened, tally(7, { InternalServerError: 6 }), settings, NOW)).toBe(neverOpened)
  })

  const anyCircuit = fc.record({ openUntilMs: fc.nat(5), closed: fc.boolean() })
  it('is the same whoever hears of whom first', () => {
    fc.assert(
      fc.property(anyCircuit, anyCircuit, anyCircuit, (a, b, c) => {
        expect(joined(a, b)).toEqual(joined(b, a))
        expect(joined(joined(a, b), c)).toEqual(joined(a, joined(b, c)))
        expect(joined(a, a)).toEqual(a)
      }),
    )
  })

  const anyStep = fc.record({
    afterMs: fc.nat(4_000),
    startedMs: fc.nat(8_000),
    status: fc.constantFrom(0, 200, 429, 401, 503, 408),
    retryAfterMs: fc.option(fc.nat(20_000), { nil: undefined }),
  })
  it('is never shortened, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        let circuit = neverOpened
        let nowMs = NOW
        for (const { afterMs, startedMs, status, retryAfterMs } of steps) {
          nowMs += afterMs
          const before = circuit
          const startedAtMs = nowMs - startedMs
          if (status === 200) circuit = afterAnswer(circuit, startedAtMs)
          else if (status === 0) circuit = joined(circuit, { openUntilMs: nowMs - 9_000, closed: true })
          else {
            const failed = { ...failure(status), startedAtMs, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
            const counts = tally(0, { InternalServerError: 9 })
            circuit = afterFailure(circuit, failed, { tally: counts, settings, nowMs })
          }
          expect(circuit.openUntilMs).toBeGreaterThanOrEqual(before.openUntilMs)
          if (circuitAt(before, nowMs) === 'open') expect(circuitAt(circuit, nowMs)).toBe('open')
        }
      }),
    )
  })
})

describe('the settings of a circuit', () => {
  const deployment = { id: 'd', group: 'g', provider: 'openai', model: 'm', params: {}, mode: 'chat' }
  const router = { timeoutMs: 1, modelGroupAlias: {} }

  it('are the deployment’s own before the router’s, and five seconds where nobody says', () => {
    expect(circuitSettings(deployment, router, true)).toMatchObject({
      never: false,
      alone: true,
      routerCooldownMs: 5_000,
    })
    const own = { ...deployment, cooldownTimeMs: 1_000, allowedFails: 7 }
    expect(circuitSettings(own, { ...router, cooldownTimeMs: 9_000, allowedFails: 1 }, false)).toMatchObject({
      cooldownMs: 1_000,
      routerCooldownMs: 9_000,
      allowedFails: 7,
    })
  })

  it('switch cooldowns off with a time of zero or by name', () => {
    expect(circuitSettings({ ...deployment, cooldownTimeMs: 0 }, router, false).never).toBe(true)
    expect(circuitSettings(deployment, { ...router, disableCooldowns: true }, false).never).toBe(true)
    expect(circuitSettings({ ...deployment, cooldownTimeMs: 1 }, { ...router, cooldownTimeMs: 0 }, false).never).toBe(
      false,
    )
  })
})
