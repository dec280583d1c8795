import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memoryHealth, type SharedGroups } from '../../../src/health/memory.ts'
import type { DeploymentState } from '../../../src/routing/state.ts'
import { Caller, config, type HealthWorld, VirtualTime } from '../../contract/health-world.ts'

const ISOLATES = 4
/** A probe that nobody tells the end of is given up for lost after this. */
const LOST_MS = 60_000

type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'ask'; readonly isolate: number }
  | { readonly kind: 'end'; readonly which: number; readonly status: number; readonly retryAfterMs: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
  fc.record({ kind: fc.constant('ask' as const), isolate: fc.nat(ISOLATES - 1) }),
  fc.record({ kind: fc.constant('ask' as const), isolate: fc.nat(ISOLATES - 1) }),
  fc.record({
    kind: fc.constant('end' as const),
    which: fc.nat(30),
    status: fc.constantFrom(200, 200, 400, 401, 429, 499, 503, 503),
    retryAfterMs: fc.constantFrom(0, 2_000, 9_000),
  }),
)

interface Running {
  readonly end: ReturnType<Caller['begin']>
  readonly probe: boolean
  readonly beganMs: number
}

function newWorld() {
  const time = new VirtualTime(Date.UTC(2026, 10, 22))
  const groups: SharedGroups = new Map()
  let calls = 0
  const settle = async () => {
    for (let turn = 0; turn < 12; turn++) await Promise.resolve()
  }
  const world: HealthWorld = {
    time,
    isolate: (isolate) => memoryHealth({ config, clock: () => time.nowMs, groups, isolate, sleep: time.sleep }),
    advance: (ms) => {
      calls += 1
      return time.advance(ms, settle)
    },
    evict: () => Promise.resolve(),
    sever: () => {},
    calls: () => calls,
  }
  return { world, callers: Array.from({ length: ISOLATES }, (_, n) => new Caller(world, `isolate ${n}`)) }
}

it('never sends two requests at once to try a deployment, and never shortens an open circuit', async () => {
  let probes = 0
  let openings = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 160 }), async (steps) => {
      const { world, callers } = newWorld()
      const running: Running[] = []
      const promised = new Map<Caller, number>()

      const seen = (caller: Caller, state: DeploymentState) => {
        const { nowMs } = world.time
        const untilMs = promised.get(caller) ?? 0
        if (nowMs < untilMs) {
          expect(state.circuit).toBe('open')
          expect(state.openUntilMs).toBeGreaterThanOrEqual(untilMs)
        }
        if (state.circuit === 'open' && state.openUntilMs !== undefined) {
          if (untilMs === 0) openings += 1
          promised.set(caller, state.openUntilMs)
        }
      }

      for (const one of steps) {
        if (one.kind === 'pass') await world.advance(one.ms)
        if (one.kind === 'ask') {
          const caller = callers[one.isolate]
          if (!caller) continue
          const state = await caller.see('a')
          seen(caller, state)
          const probe = state.circuit === 'half_open' && state.mayProbe
          if (state.circuit !== 'closed' && !probe) continue
          const beganMs = world.time.nowMs
          if (probe) {
            probes += 1
            expect(running.filter((other) => other.probe && beganMs - other.beganMs < LOST_MS)).toEqual([])
          }
          running.push({ end: caller.begin('a'), probe, beganMs })
        }
        if (one.kind === 'end') {
          const [ended] = running.splice(one.which % Math.max(1, running.length), 1)
          if (one.status === 200) ended?.end({})
          else {
            const kind =
              one.status === 499 ? 'client_closed' : one.status === 400 ? 'invalid_request' : 'upstream_failed'
            ended?.end({ error: { kind, status: one.status, retryAfterMs: one.retryAfterMs } })
          }
        }
      }
    }),
    { numRuns: 300 },
  )
  // The histories say something only if it came to that.
  expect(probes).toBeGreaterThan(100)
  expect(openings).toBeGreaterThan(100)
})
