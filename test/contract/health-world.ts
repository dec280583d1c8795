import type { Config, Deployment } from '../../src/config/config.ts'
import type { Ended, Health } from '../../src/health/port.ts'
import type { DeploymentState } from '../../src/routing/state.ts'

/** Time that passes when a test says so; sleepers wake in their order. */
export class VirtualTime {
  nowMs = 0
  readonly #set: (nowMs: number) => void
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = []

  constructor(startMs: number, set: (nowMs: number) => void = () => {}) {
    this.nowMs = startMs
    this.#set = set
  }

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((wake) => {
      this.#sleepers.push({ atMs: this.nowMs + ms, wake })
    })

  /** `settle` lets everything happen that can happen by now. */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const untilMs = this.nowMs + ms
    await settle()
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (!next || next.atMs > untilMs) break
      this.#sleepers = this.#sleepers.filter((one) => one !== next)
      this.#to(Math.max(this.nowMs, next.atMs))
      next.wake()
      await settle()
    }
    this.#to(untilMs)
    await settle()
  }

  #to(nowMs: number): void {
    this.nowMs = nowMs
    this.#set(nowMs)
  }
}

/** Isolates over what they share, however that is made. */
export interface HealthWorld {
  readonly time: VirtualTime
  isolate(name: string): Health
  advance(ms: number): Promise<void>
  /** The shared state loses its memory. */
  evict(): Promise<void>
  /** From now on the shared state answers nobody, or everybody again. */
  sever(on: boolean): void
  /** How often it was called. */
  calls(): number
}

export const GROUP = 'g'

const deployment = (id: string): Deployment => ({
  id,
  group: GROUP,
  provider: 'openai',
  model: 'gpt-4o-mini',
  params: {},
  mode: 'chat',
})

export const config: Pick<Config, 'deployments' | 'router'> = {
  deployments: ['a', 'b', 'c'].map(deployment),
  router: { timeoutMs: 600_000, modelGroupAlias: {} },
}

const unheard: DeploymentState = {
  inFlight: 0,
  requests: 0,
  tokens: 0,
  samples: 0,
  failures: 0,
  circuit: 'closed',
  mayProbe: false,
}

/** An isolate as a gateway uses it. */
export class Caller {
  readonly #world: HealthWorld
  readonly #health: Health
  readonly deferred: Promise<unknown>[] = []

  constructor(world: HealthWorld, name: string) {
    this.#world = world
    this.#health = world.isolate(name)
  }

  readonly #defer = (_: string, work: Promise<unknown>) => void this.deferred.push(work)

  /** What a request would see now; true where it had to wait for it. */
  look(): {
    waits: boolean
    state: ReadonlyMap<string, DeploymentState> | Promise<ReadonlyMap<string, DeploymentState>>
  } {
    const state = this.#health.state(GROUP, this.#world.time.nowMs, this.#defer)
    return { waits: state instanceof Promise, state }
  }

  async see(id: string): Promise<DeploymentState> {
    const looked = this.look().state
    if (looked instanceof Promise) await this.#world.advance(0)
    return (await looked).get(id) ?? unheard
  }

  begin(id: string): (end: Partial<Ended>) => void {
    const atMs = this.#world.time.nowMs
    this.#health.began(GROUP, id, atMs, this.#defer)
    return (end) => {
      const nowMs = this.#world.time.nowMs
      this.#health.ended(
        {
          group: GROUP,
          deployment: id,
          ok: end.error === undefined,
          durationMs: nowMs - atMs,
          outputTokens: 10,
          totalTokens: 30,
          atMs: nowMs,
          ...end,
        },
        this.#defer,
      )
    }
  }

  succeeds(id: string): void {
    this.begin(id)({})
  }

  fails(id: string, status = 503, retryAfterMs?: number): void {
    const kind = status === 429 ? 'rate_limited' : status === 401 ? 'auth_error' : 'upstream_failed'
    this.begin(id)({ error: { kind, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } })
  }
}
