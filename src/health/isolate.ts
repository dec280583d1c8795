import type { Clock } from '../clock.ts'
import type { Batch, Report, Snapshot } from './group.ts'
import { LocalDeployment } from './local.ts'
import { atMost, within } from './patience.ts'
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
/** A circuit that opened or closed is told sooner. */
const URGENT_MS = 100
const REPORT_TIMEOUT_MS = 2_000
/** A report whose request died is taken over by the next one after this. */
const ABANDONED_MS = 5_000
/** The runtime ends background work about 30 s after the answer. */
const WORK_MS = 10_000

interface LocalGroup {
  readonly name: string
  readonly deployments: Map<string, LocalDeployment>
  readonly state: Map<string, LocalDeployment['state']>
  /** The newest call. */
  call: Promise<void> | undefined
  /** Whoever wants to know waits for the call, shortly. */
  cold: boolean
  /** A deployment's time is over, and who may try it is not known here. */
  waits: boolean
  /** The shared state cannot be reached. */
  alone: boolean
  /** A circuit has changed, which others should know at once. */
  urgent: boolean
  /** 0 where nobody does. */
  callingSinceMs: number
  waitingSinceMs: number
  calledAtMs: number
  refreshedAtMs: number
  changesAtMs: number
  sequence: number
  /** The last batch may not have arrived, so it is sent again as it was. */
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
      if (group.waits && !group.alone && quietMs >= QUIET_MS) group.cold = true
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
    group.urgent ||= deployment.urgent
    group.changesAtMs = Math.min(group.changesAtMs, deployment.changesAtMs(ended.atMs))
    this.#tell(group, ended.atMs, defer)
  }

  /** Calls at once where it is time, else sees to it that somebody will. */
  #tell(group: LocalGroup, nowMs: number, defer: Defer): void {
    if (nowMs - group.callingSinceMs < ABANDONED_MS) return
    if (nowMs >= dueMs(group)) {
      group.call = this.#call(group)
      defer('report health', this.#tellRest(group, nowMs, group.call))
    } else if (nowMs - group.waitingSinceMs >= ABANDONED_MS) {
      defer('report health', this.#tellRest(group, nowMs))
    }
  }

  async #afterCall(group: LocalGroup, call: Promise<void>): Promise<GroupState> {
    await atMost(FIRST_MS, call)
    group.cold = false
    this.#refresh(group, this.#options.clock())
    return group.state
  }

  /** What happens while nobody comes any more is told too. Work that began long ago leaves that to the next request. */
  async #tellRest(group: LocalGroup, beganAtMs: number, call?: Promise<void>): Promise<void> {
    const { clock, sleep } = this.#options
    if (call !== undefined) await call
    while (hasNews(group) && clock() - beganAtMs < WORK_MS) {
      if (clock() - group.waitingSinceMs < ABANDONED_MS) return
      group.waitingSinceMs = clock()
      const { calledAtMs } = group
      await sleep(Math.max(0, dueMs(group) - clock()))
      group.waitingSinceMs = 0
      if (clock() - group.callingSinceMs < ABANDONED_MS) return
      if (group.calledAtMs !== calledAtMs) continue
      group.call = this.#call(group)
      await group.call
    }
  }

  /** Settles, always well. */
  async #call(group: LocalGroup): Promise<void> {
    const { report, clock, warn } = this.#options
    const sentAtMs = clock()
    group.callingSinceMs = sentAtMs
    group.calledAtMs = sentAtMs
    group.urgent = false
    const batch = this.#batch(group)
    try {
      const snapshot = await within(REPORT_TIMEOUT_MS, report(group.name, batch))
      if (group.sequence === batch.sequence) this.#heard(group, snapshot, sentAtMs)
    } catch (error) {
      if (!group.alone) warn('the health of a group cannot be shared', { group: group.name, error: String(error) })
      group.alone = true
      group.changesAtMs = 0
    }
    group.cold = false
    if (group.calledAtMs === sentAtMs) group.callingSinceMs = 0
  }

  #batch(group: LocalGroup): Batch {
    const { isolate, settings } = this.#options
    const again = group.unheard
    if (!again) group.sequence += 1
    group.unheard = true
    const deployments: Record<string, Report> = {}
    for (const [id, deployment] of group.deployments) {
      if (again || !deployment.idle) deployments[id] = deployment.report(again)
    }
    return { isolate, sequence: group.sequence, ttlMs: settings.ttlMs, deployments }
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
      urgent: false,
      callingSinceMs: 0,
      waitingSinceMs: 0,
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

/** When the object may be called next. */
function dueMs({ calledAtMs, urgent, alone }: LocalGroup): number {
  return calledAtMs + (urgent && !alone ? URGENT_MS : REFRESH_MS)
}

function hasNews({ deployments, unheard }: LocalGroup): boolean {
  if (unheard) return true
  for (const deployment of deployments.values()) if (deployment.hasNews) return true
  return false
}
