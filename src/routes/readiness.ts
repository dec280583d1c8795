import type { Clock } from '../clock.ts'

export interface DependencyState {
  readonly ok: boolean
  /** When it was asked last; the answer may be that old. */
  readonly checkedAtMs: number
  readonly latencyMs: number
}

/** What the gateway stands on (`db`, `cache`), asked at most every few seconds whoever wants to know. Never throws. */
export interface Readiness {
  states(): Promise<Readonly<Record<string, DependencyState>>>
}

const KEPT_MS = 5_000
const DEADLINE_MS = 3_000

export function readinessOf(probes: Readonly<Record<string, () => Promise<unknown>>>, clock: Clock): Readiness {
  const known = new Map<string, DependencyState>()

  async function stateOf(name: string, probe: () => Promise<unknown>): Promise<DependencyState> {
    const last = known.get(name)
    if (last && clock() - last.checkedAtMs < KEPT_MS) return last
    const askedAtMs = clock()
    const ok = await answers(probe)
    const state = { ok, checkedAtMs: clock(), latencyMs: clock() - askedAtMs }
    known.set(name, state)
    return state
  }

  return {
    async states() {
      const entries = Object.entries(probes).map(async ([name, probe]) => [name, await stateOf(name, probe)] as const)
      return Object.fromEntries(await Promise.all(entries))
    },
  }
}

async function answers(probe: () => Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), DEADLINE_MS)
  })
  const asked = probe().then(
    () => true,
    () => false,
  )
  const ok = await Promise.race([asked, late])
  if (timer !== undefined) clearTimeout(timer)
  return ok
}
