import type { Deployment } from '../config/config.ts'
import { type Fields, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { WorstCase } from '../operations/chat.ts'
import type { RealtimeContext } from '../operations/realtime-context.ts'
import { transcriptionUsage } from '../operations/realtime-usage.ts'
import type { Usage } from '../prices/usage.ts'
import type { Principal } from '../tenants/principal.ts'
import type { GatewayDeps } from './deps.ts'
import type { Outcome } from './finish.ts'
import { type Held, type Hold, LONGEST_TURN_MS } from './realtime-holds.ts'
import type { Rows } from './realtime-rows.ts'

interface Transcribing {
  readonly hold: Held
  readonly startedAtMs: number
  readonly principal: Principal
  readonly by: Deployment
  readonly reckoned: Usage
}

/** How a session comes by holds, one after the other. */
export interface Holding {
  /** The one before, where that is enough. */
  enough(before: Hold | undefined, deployment: Deployment, worst: WorstCase): Promise<Hold | GatewayError> | Hold
  /** For what runs already: as much as is left. */
  late(deployment: Deployment, worst: WorstCase): Promise<Hold | GatewayError>
}

/** So many are waited for at a time: of those before it nothing more is expected. */
const MOST_TRANSCRIBING = 100
const TOLD = { status: 'success', httpStatus: 200 } as const

/** What is written down of what was said: held for before the vendor hears it, and charged once, whatever it tells of it. */
export class Transcripts {
  readonly #context: RealtimeContext
  readonly #rows: Rows
  readonly #holding: Holding
  readonly #deps: Pick<GatewayDeps, 'clock'>
  readonly #running = new Map<string, Transcribing>()
  #ahead: Hold | undefined
  /** By whose prices. */
  by: Deployment | undefined

  constructor(context: RealtimeContext, rows: Rows, holding: Holding, deps: Pick<GatewayDeps, 'clock'>) {
    this.#context = context
    this.#rows = rows
    this.#holding = holding
    this.#deps = deps
  }

  get isBusy(): boolean {
    return this.#running.size > 0
  }

  /** Something is held for what may be heard next. */
  get isAhead(): boolean {
    return this.#ahead !== undefined
  }

  async ready(): Promise<GatewayError | undefined> {
    if (this.#context.transcribes === undefined || !this.by) return undefined
    const held = await this.#holding.enough(this.#ahead, this.by, this.#context.mostTranscribed(this.by))
    const refusal = held instanceof GatewayError ? held : undefined
    this.#ahead = held instanceof GatewayError ? undefined : held
    return refusal
  }

  /** Something said is complete, and may be written down. */
  committed(itemId: string | undefined, principal: Principal): void {
    const context = this.#context
    const { by } = this
    if (context.transcribes !== undefined && by && itemId !== undefined) {
      const hold = this.#takeAhead() ?? this.#holding.late(by, context.mostTranscribed(by))
      this.#giveUp(() => this.#running.size >= MOST_TRANSCRIBING)
      const startedAtMs = this.#deps.clock()
      this.#running.set(itemId, { hold, startedAtMs, principal, by, reckoned: context.reckonedTranscript() })
    }
    context.committed()
  }

  told(event: Fields, failed: boolean): void {
    const id = text(event.item_id)
    const one = id === undefined ? undefined : this.#running.get(id)
    if (!one || id === undefined) return
    this.#running.delete(id)
    const usage = transcriptionUsage(event)
    if (failed && usage === undefined) this.#rows.free(one.hold)
    else this.#charge(one, { ...TOLD, usage: usage ?? one.reckoned, estimated: usage === undefined })
  }

  /** What a vendor never told of is charged as it can be reckoned, before its hold is over. */
  giveUp(): void {
    const oldestMs = this.#deps.clock() - LONGEST_TURN_MS
    this.#giveUp(({ startedAtMs }) => startedAtMs <= oldestMs)
  }

  #giveUp(isLate: (oldest: Transcribing) => boolean): void {
    for (const [id, one] of this.#running) {
      if (!isLate(one)) return
      this.#running.delete(id)
      this.#charge(one, { ...TOLD, usage: one.reckoned, estimated: true })
    }
  }

  end(ended: Omit<Outcome, 'usage'>): void {
    for (const one of this.#running.values()) this.#charge(one, { ...ended, usage: one.reckoned })
    this.#running.clear()
    const held = this.#takeAhead()
    if (held) this.#rows.free(held)
  }

  #takeAhead(): Hold | undefined {
    const held = this.#ahead
    this.#ahead = undefined
    return held
  }

  #charge({ hold, startedAtMs, principal, by }: Transcribing, outcome: Outcome): void {
    this.#rows.add(hold, { startedAtMs, callType: 'atranscription', principal, deployment: by }, outcome)
  }
}
