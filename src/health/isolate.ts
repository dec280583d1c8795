import type { Clock } from '../clock.ts'
import type { Batch, Snapshot } from './group.ts'
import { LocalDeployment } from './local.ts'
import type { Defer, Ended, GroupState, Health } from './port.ts'
import type { HealthSettings } from './settings.ts'

export interface IsolateHealthOptions {
  readonly settings: HealthSettings
  /** Names this isolate among all. */
  readonly isolate: string
  /** Tells a group's object, and answers what all know. */
  readonly report: (group: string, batch: Batch) => Promise<Snapshot>
  readonly clock: Clock
  readonly sleep: (ms: number) => Promise<void>
  /** One line for the operator. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/** What is known is asked for anew after this long; so often, and not oftener, a group's object is called. */
const REFRESH_MS = 1_000
/** A first request waits this long for what all know; then it has to do without. */
const FIRST_MS = 250
/** After this much quiet, a request that finds a deployment half-open waits to hear who may try it. */
const QUIET_MS = 2_000
const REPORT_TIMEOUT_MS = 2_000
/** A report whose request died is taken over by the next one after this. */
const ABANDONED_MS = 5_000

interface LocalGroup {
  readonly name: string
  readonly deployments: Map<string, LocalDeployment>
  readonly state: Map<string, LocalDeployment['state']>
  /** The call that is under way. Settles, always well. */
  call: Promise<void> | undefined
  /** Who wants to know waits for the call, shortly. */
  cold: boolean
  /** A deployment's time is over, and who may try it is not known here. */
  waits: boolean
  alone: boolean
  busySinceMs: number | undefined
  calledAtMs: number
  refreshedAtMs: number
  changesAtMs: number
  sequence: number
  unheard: boolean
}

/** The isolate's half of health, whatever carries its reports. */
export class IsolateHealth implements Health {
  readonly #options: IsolateHealthOptions
  readonly #groups = new Map<string, LocalGroup>()

  constructor(options: IsolateHealthOptions) {
    this.#options = options
  }

  state(name: string, nowMs: number, defer: Defer): GroupState | Promise<GroupState> {
    const group = this.#group(name, nowMs)
    if (nowMs >= group.changesAtMs || nowMs - group.refreshedAtMs >= REFRESH_MS) this.#refresh(group, nowMs)
    const quietMs = nowMs - group.calledAtMs
    if (quietMs >= REFRESH_MS) {
      if (group.waits && quietMs >= QUIET_MS) group.cold = true
      this.#tell(group, nowMs, defer)
    }
    if (group.cold && group.call !== undefined) return this.#afterCall(group, group.call)
    return group.state
  }

  began(name: string, id: string, nowMs: number, defer: Defer): void {
    const group = this.#group(name, nowMs)
    this.#deployment(group, id, nowMs).began(nowMs)
    this.#tell(group, nowMs, defer)
  }

  ended(ended: Ended, defer: Defer): void {
    const group = this.#group(ended.group, ended.atMs)
    const deployment = this.#deployment(group, ended.deployment, ended.atMs)
    deployment.ended(ended)
    group.changesAtMs = Math.min(group.changesAtMs, deployment.changesAtMs(ended.atMs))
    this.#tell(group, ended.atMs, defer)
  }

  #tell(group: LocalGroup, nowMs: number, defer: Defer): void {
    if (group.busySinceMs === undefined || nowMs - group.busySinceMs > ABANDONED_MS) this.#exchange(group, nowMs, defer)
  }

  async #afterCall(group: LocalGroup, call: Promise<void>): Promise<GroupState> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_MS)
    })
    await Promise.race([call, late])
    if (timer !== undefined) clearTimeout(timer)
    group.cold = false
    this.#refresh(group, this.#options.clock())
    return group.state
  }

  #exchange(group: LocalGroup, nowMs: number, defer: Defer): void {
    group.busySinceMs = nowMs
    const work = this.#reported(group, nowMs)
    group.call = work
    defer('report health', work)
  }

  async #reported(group: LocalGroup, nowMs: number): Promise<void> {
    const { report, clock, sleep, warn, isolate, settings } = this.#options
    const waitMs = group.calledAtMs + REFRESH_MS - nowMs
    if (waitMs > 0) await sleep(waitMs)
    const sentAtMs = clock()
    group.busySinceMs = sentAtMs
    group.calledAtMs = sentAtMs
    const again = group.unheard
    if (!again) group.sequence += 1
    const { sequence } = group
    const deployments: Record<string, ReturnType<LocalDeployment['report']>> = {}
    for (const [id, deployment] of group.deployments) {
      if (again || !deployment.idle) deployments[id] = deployment.report(again)
    }
    group.unheard = true
    try {
      const batch = { isolate, sequence, ttlMs: settings.ttlMs, deployments }
      const snapshot = await within(REPORT_TIMEOUT_MS, report(group.name, batch))
      if (group.sequence !== sequence) return
      this.#heard(group, snapshot, sentAtMs)
    } catch (error) {
      if (!group.alone) warn('the health of a group cannot be shared', { group: group.name, error: String(error) })
      group.alone = true
      group.changesAtMs = 0
    } finally {
      group.cold = false
      if (group.busySinceMs === sentAtMs) group.busySinceMs = undefined
    }
  }

  #heard(group: LocalGroup, snapshot: Snapshot, sentAtMs: number): void {
    const nowMs = this.#options.clock()
    group.unheard = false
    group.alone = false
    for (const id of Object.keys(snapshot)) this.#deployment(group, id, nowMs)
    for (const [id, deployment] of group.deployments) deployment.heard(snapshot[id], sentAtMs, nowMs)
    this.#refresh(group, nowMs)
  }

  #refresh(group: LocalGroup, nowMs: number): void {
    group.refreshedAtMs = nowMs
    group.changesAtMs = Number.POSITIVE_INFINITY
    group.waits = false
    for (const deployment of group.deployments.values()) {
      deployment.refresh(nowMs, group.alone)
      group.waits ||= deployment.waits
      group.changesAtMs = Math.min(group.changesAtMs, deployment.changesAtMs(nowMs))
    }
  }

  #group(name: string, nowMs: number): LocalGroup {
    const known = this.#groups.get(name)
    if (known) return known
    const made: LocalGroup = {
      name,
      deployments: new Map(),
      state: new Map(),
      call: undefined,
      cold: true,
      waits: false,
      alone: false,
      busySinceMs: undefined,
      calledAtMs: 0,
      refreshedAtMs: nowMs,
      changesAtMs: Number.POSITIVE_INFINITY,
      sequence: 0,
      unheard: false,
    }
    this.#groups.set(name, made)
    return made
  }

  #deployment(group: LocalGroup, id: string, nowMs: number): LocalDeployment {
    const known = group.deployments.get(id)
    if (known) return known
    const { settings } = this.#options
    const made = new LocalDeployment(settings.circuit(id), settings.ttlMs, nowMs)
    group.deployments.set(id, made)
    group.state.set(id, made.state)
    return made
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    work.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}
