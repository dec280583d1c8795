import { usdFromNano } from '../../src/money.ts'
import type { Stack } from '../local/stack.ts'
import type { GatewayRunner } from '../workerd/runner.ts'
import { type Admin, type Entities, hasWindows, limitFields } from './entities.ts'
import type { Chaos, Limit, LimitedKind, Plan } from './plan.ts'

/** From when to when something was wrong on purpose. */
export interface Trouble {
  readonly kind: Chaos['kind']
  readonly fromMs: number
  readonly toMs: number
}

/** From when on a key was blocked (the gateway said so), until somebody asked to let it go on. */
export interface Blocked {
  readonly key: number
  readonly askedMs: number
  readonly fromMs: number
  readonly untilMs: number
  /** When the gateway had done so. */
  readonly unblockedMs: number
}

export interface ChaosDeps {
  readonly plan: Plan
  readonly entities: Entities
  readonly admin: Admin
  readonly runner: GatewayRunner
  readonly stack: Stack
  readonly log: (line: string) => void
}

/** Longer than anybody waits for a statement about money. */
const LATE_MS = 2_500
const RETRY_MS = 300
const MOST_RETRIES = 40

/** Plays the plan's chaos as the requests go out. What breaks the same thing takes turns; everything else overlaps. */
export class ChaosMonkey {
  readonly #deps: ChaosDeps
  readonly #left: Chaos[]
  readonly #running = new Set<Promise<void>>()
  #process: Promise<void> = Promise.resolve()
  #database: Promise<void> = Promise.resolve()
  readonly #blocking = new Set<number>()
  #over = false
  readonly troubles: Trouble[] = []
  readonly blocked: Blocked[] = []
  readonly counts: Record<string, number> = {}

  constructor(deps: ChaosDeps) {
    this.#deps = deps
    this.#left = [...deps.plan.chaos]
  }

  /** So many requests have been sent. */
  reached(sent: number): void {
    for (let [next] = this.#left; next && next.atRequest <= sent; [next] = this.#left) {
      this.#left.shift()
      const running = this.#play(next)
        .catch((error: unknown) => this.#deps.log(`chaos: ${next?.kind} failed: ${String(error)}`))
        .finally(() => this.#running.delete(running))
      this.#running.add(running)
    }
  }

  /** Everything that was begun is over, and what was broken is whole. */
  async rest(): Promise<void> {
    this.#over = true
    while (this.#running.size > 0) await Promise.all(this.#running)
    const { queue } = this.#deps.runner
    queue.refuse(false)
    queue.delay(0)
    queue.duplicate(0)
    queue.reorder(false)
  }

  #play(chaos: Chaos): Promise<void> {
    const { runner, stack } = this.#deps
    this.counts[chaos.kind] = (this.counts[chaos.kind] ?? 0) + 1
    switch (chaos.kind) {
      case 'evict':
        return this.#inTurn('evict', () => runner.evictAll())
      case 'kill':
        return this.#inTurn('kill', async () => {
          await runner.kill()
          await runner.restart()
        })
      case 'database':
        this.#database = this.#database.then(() =>
          this.#troubled('database', async () => {
            await stack.postgres.kill()
            await pause(chaos.downMs)
            await stack.postgres.start()
          }),
        )
        return this.#database
      case 'replies':
        return this.#troubled('replies', async () => {
          const { database } = stack.faults
          database.add({ kind: 'drop', moment: 'answer', rate: 0.2 }, { kind: 'latency', delayMs: LATE_MS, rate: 0.1 })
          await pause(chaos.forMs)
          database.clear()
        })
      case 'queue':
        runner.queue.delay(chaos.delayMs)
        runner.queue.duplicate(chaos.duplicate)
        runner.queue.reorder(chaos.reorder)
        return Promise.resolve()
      case 'refuse':
        return this.#troubled('refuse', async () => {
          runner.queue.refuse(true)
          await pause(chaos.forMs)
          runner.queue.refuse(false)
        })
      case 'limit':
        return this.#limit(chaos)
      case 'increase':
        return this.#increase(chaos)
      case 'reset':
        return this.#reset(chaos)
      case 'block':
        return this.#block(chaos)
    }
  }

  #inTurn(kind: Chaos['kind'], work: () => Promise<void>): Promise<void> {
    const turn = this.#process.then(() => this.#troubled(kind, work))
    this.#process = turn.catch(() => {})
    return turn
  }

  async #troubled(kind: Chaos['kind'], work: () => Promise<void>): Promise<void> {
    const fromMs = Date.now()
    try {
      await work()
    } finally {
      this.troubles.push({ kind, fromMs, toMs: Date.now() })
    }
  }

  async #limit({ of, index, factor }: Extract<Chaos, { kind: 'limit' }>): Promise<void> {
    const { plan, entities } = this.#deps
    const limits: Readonly<Record<LimitedKind, readonly Limit[]>> = {
      ...{ key: plan.keys, team: plan.teams, organization: plan.organizations, member: plan.members },
      ...{ user: plan.users, customer: plan.customers, tag: plan.tags },
    }
    const limit = limits[of][index]
    if (limit?.limitNano === undefined) return
    const changed = limitFields({ limitNano: BigInt(Math.round(Number(limit.limitNano) * factor)) })
    switch (of) {
      case 'key':
        if (!hasWindows(index, limit)) await this.#insist('/key/update', { ...this.#keyNamed(index), ...changed })
        return
      case 'team':
        await this.#insist('/team/update', { team_id: entities.teams[index], ...changed })
        return
      case 'organization':
        await this.#insist('/organization/update', { organization_id: entities.organizations[index], ...changed })
        return
      case 'user':
        await this.#insist('/user/update', { user_id: entities.users?.[index], ...changed })
        return
      case 'customer':
        await this.#insist('/customer/update', { user_id: entities.customers?.[index], ...changed })
        return
      case 'tag':
        await this.#insist('/tag/update', { name: entities.tags[index], ...changed })
        return
      case 'member': {
        const { team = 0, user = 0 } = plan.members[index] ?? {}
        const named = { team_id: entities.teams[team], user_id: entities.users?.[user] }
        await this.#insist('/team/member_update', { ...named, max_budget_in_team: changed.max_budget })
      }
    }
  }

  async #increase({ key, factor, forMs }: Extract<Chaos, { kind: 'increase' }>): Promise<void> {
    const limit = this.#deps.plan.keys[key]
    if (limit?.limitNano === undefined || hasWindows(key, limit)) return
    await this.#insist('/key/update', {
      ...this.#keyNamed(key),
      temp_budget_increase: usdFromNano(BigInt(Math.round(Number(limit.limitNano) * factor))),
      temp_budget_expiry: new Date(Date.now() + forMs).toISOString(),
    })
  }

  async #reset({ key }: Extract<Chaos, { kind: 'reset' }>): Promise<void> {
    await this.#insist(
      `/key/${this.#deps.entities.keys[key]?.token}/reset_spend`,
      { reset_to: 0 },
      '/key/…/reset_spend',
    )
  }

  #keyNamed(at: number) {
    return { key: this.#deps.entities.keys[at]?.key }
  }

  async #block({ key, forMs }: Extract<Chaos, { kind: 'block' }>): Promise<void> {
    if (this.#blocking.has(key)) return // who would let it go on?
    this.#blocking.add(key)
    const named = this.#keyNamed(key)
    const askedMs = Date.now()
    if (!(await this.#insist('/key/block', named))) return
    const fromMs = Date.now()
    for (let leftMs = forMs; leftMs > 0 && !this.#over; leftMs -= RETRY_MS) await pause(RETRY_MS)
    const untilMs = Date.now()
    await this.#insist('/key/unblock', named)
    this.blocked.push({ key, askedMs, fromMs, untilMs, unblockedMs: Date.now() })
    this.#blocking.delete(key)
  }

  /** An operator asks until it is done, or told that it cannot be. */
  async #insist(path: string, body: Record<string, unknown>, name = path): Promise<boolean> {
    for (let tries = 0; tries < MOST_RETRIES; tries++) {
      const answered = await this.#deps.admin(path, body).catch(() => undefined)
      if (answered && answered.status < 500) {
        const counted = answered.ok ? name : `${name} refused`
        this.counts[counted] = (this.counts[counted] ?? 0) + 1
        return answered.ok
      }
      await pause(RETRY_MS)
    }
    return false
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
