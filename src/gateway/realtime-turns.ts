import { type Fields, fields, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { RealtimeRequest } from '../operations/realtime.ts'
import type { RealtimeContext } from '../operations/realtime-context.ts'
import type { pieceOf } from '../operations/realtime-events.ts'
import { responseUsage } from '../operations/realtime-usage.ts'
import { noUsage } from '../prices/usage.ts'
import type { Principal } from '../tenants/principal.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import type { Outcome } from './finish.ts'
import { covers, type Held, type Hold, hold, LONGEST_TURN_MS, release } from './realtime-holds.ts'
import { outcomeOf, type Rows } from './realtime-rows.ts'
import { type Holding, Transcripts } from './realtime-transcripts.ts'

/** Something that the vendor does and will bill. */
interface Turn {
  readonly hold: Held
  readonly startedAtMs: number
  firstMs?: number
  textChars: number
  audioBytes: number
}

/** A response that a client asked for and that has not begun. */
interface Asked {
  readonly hold: Hold
  readonly eventId: string
  /** What the client called its own event. */
  readonly theirs: string | undefined
}

export type Ending = 'client' | 'vendor'

/**
 * The money of a session. Before a response can begin its worst case is held: for one that the client asks for before its
 * event goes on, for one that the vendor makes by itself before it hears what it may answer. Each ends with a row of its own.
 */
export class Turns {
  readonly #attempt: Attempt<RealtimeRequest>
  readonly #context: RealtimeContext
  readonly #rows: Rows
  readonly #deps: GatewayDeps
  #ahead: Hold | undefined
  #readying: Promise<void> = Promise.resolve()
  readonly #asked: Asked[] = []
  readonly #running = new Map<string, Turn>()
  /** As it is known by now. */
  principal: Principal
  readonly transcripts: Transcripts
  #isOver = false

  constructor(attempt: Attempt<RealtimeRequest>, context: RealtimeContext, rows: Rows, deps: GatewayDeps) {
    this.#attempt = attempt
    this.#rows = rows
    this.#context = context
    this.#deps = deps
    this.principal = attempt.call.principal
    this.transcripts = new Transcripts(context, rows, { enough: this.#enough, late: this.#lateFor }, deps)
  }

  /** Something runs that will free what is held for it. */
  get isBusy(): boolean {
    return this.#running.size > 0 || this.#asked.length > 0 || this.transcripts.isBusy
  }

  /** The vendor answers at this moment. */
  get isRunning(): boolean {
    return this.#running.size > 0
  }

  /** What the vendor may do by itself once it hears more is held for. Answers why it cannot be. */
  ready(): Promise<GatewayError | undefined> {
    return this.#next(() => this.#ready())
  }

  /** Holds are taken one after the other, so that none is taken twice and none outlives the session. */
  #next<T>(take: () => Promise<T>): Promise<T> {
    const taking = this.#readying.then(take)
    this.#readying = taking.then(nothing, nothing)
    return taking
  }

  async #ready(): Promise<GatewayError | undefined> {
    if (this.#isOver) return undefined
    const context = this.#context
    const { deployment } = this.#attempt
    if (context.answersItself && this.#asked.length === 0) {
      const held = await this.#enough(this.#ahead, deployment, context.most())
      this.#ahead = held instanceof GatewayError ? undefined : held
      if (held instanceof GatewayError) return held
    }
    return this.transcripts.ready()
  }

  readonly #enough: Holding['enough'] = (before, deployment, worst) => {
    if (before && before.deployment === deployment && covers(before, worst, this.#deps.clock())) return before
    return hold({ principal: this.principal, deployment, worst }, this.#deps, before)
  }

  /** What waits too long is held anew, in the window of now. */
  async refresh(): Promise<GatewayError | undefined> {
    return this.#ahead || this.transcripts.isAhead ? await this.ready() : undefined
  }

  /** Holds for a response that the client asks for. Answers its event as it is to be sent, or the refusal. */
  ask(event: Fields): Promise<Fields | GatewayError> {
    return this.#next(() => this.#ask(event))
  }

  async #ask(event: Fields): Promise<Fields | GatewayError> {
    const worst = this.#context.most(fields(event.response))
    // What was held for an answer unasked is as good for one that is asked for.
    const held = await this.#enough(this.#takeAhead(), this.#attempt.deployment, worst)
    if (held instanceof GatewayError) return held
    const eventId = `event_${newId(this.#deps.clock())}`
    this.#asked.push({ hold: held, eventId, theirs: text(event.event_id) })
    return { ...event, event_id: eventId }
  }

  /** The vendor would not, or did not get to, do what a client asked for. Answers what the client called it. */
  refused(eventId: string): string | undefined {
    const at = this.#asked.findIndex((one) => one.eventId === eventId)
    const [found] = at < 0 ? [] : this.#asked.splice(at, 1)
    if (!found) return undefined
    release(found.hold, this.#deps)
    return found.theirs
  }

  isOurs(eventId: string): boolean {
    return this.#asked.some((one) => one.eventId === eventId)
  }

  /** A response has begun. Answers a refusal where it could not be held for any more: it is to be cancelled. */
  async begun(response: Fields): Promise<GatewayError | undefined> {
    const startedAtMs = this.#deps.clock()
    const held = this.#asked.shift()?.hold ?? this.#takeAhead() ?? this.#late(response)
    const turn: Turn = { hold: held, startedAtMs, textChars: 0, audioBytes: 0 }
    this.#running.set(text(response.id) ?? newId(startedAtMs), turn)
    if (!(held instanceof Promise)) return undefined
    const late = await held
    if (late instanceof GatewayError) return late
    return covers(late, this.#context.most(response), startedAtMs) ? undefined : outOfMoney()
  }

  #takeAhead(): Hold | undefined {
    const held = this.#ahead
    this.#ahead = undefined
    return held
  }

  async #late(response: Fields): Promise<Hold | GatewayError> {
    await this.#readying
    return this.#takeAhead() ?? this.#lateFor(this.#attempt.deployment, this.#context.most(response))
  }

  readonly #lateFor: Holding['late'] = async (deployment, worst) => {
    await this.#readying
    return hold({ principal: this.principal, deployment, worst, runs: true }, this.#deps)
  }

  /** Something was written or spoken. */
  wrote({ responseId, ...written }: ReturnType<typeof pieceOf>): void {
    const turns = responseId === undefined ? this.#running.values() : [this.#running.get(responseId)]
    for (const turn of turns) {
      if (!turn) continue
      turn.firstMs ??= this.#deps.clock()
      turn.textChars += written.textChars
      turn.audioBytes += written.audioBytes
    }
  }

  /** A response is over: its row, and the end of its hold. */
  done(response: Fields): void {
    const id = text(response.id)
    const turn = id === undefined ? undefined : this.#running.get(id)
    const usage = responseUsage(response)
    const reckoned = turn && this.#context.reckoned(turn)
    this.#context.done(usage)
    if (!turn || id === undefined) return
    this.#running.delete(id)
    this.#charge(turn, outcomeOf(response, usage, reckoned ?? noUsage))
  }

  /** Those that run, to be cancelled; with an age only those that are older. */
  running(olderThanMs = 0): readonly string[] {
    const nowMs = this.#deps.clock()
    return [...this.#running].flatMap(([id, turn]) => (nowMs - turn.startedAtMs >= olderThanMs ? [id] : []))
  }

  overdue(): readonly string[] {
    return this.running(LONGEST_TURN_MS)
  }

  /** Nobody hears of anything any more: what ran is charged as far as can be reckoned, and nothing is held. */
  async end(by: Ending, error?: GatewayError): Promise<void> {
    this.#isOver = true
    await this.#readying
    const status = by === 'client' ? 'cancelled' : 'failure'
    const ended = { status, estimated: true, httpStatus: error?.status ?? (by === 'client' ? 499 : 502) } as const
    const why = error && { error }
    for (const turn of this.#running.values())
      this.#charge(turn, { ...ended, ...why, usage: this.#context.reckoned(turn) })
    this.#running.clear()
    for (const { hold: held } of this.#asked.splice(0)) {
      if (by === 'vendor') release(held, this.#deps)
      else {
        const usage = this.#context.reckoned({ textChars: 0, audioBytes: 0 })
        this.#charge({ hold: held, startedAtMs: held.takenAtMs, textChars: 0, audioBytes: 0 }, { ...ended, usage })
      }
    }
    this.transcripts.end({ ...ended, ...why })
    const ahead = this.#takeAhead()
    if (ahead) release(ahead, this.#deps)
    await this.#rows.settled()
  }

  #charge(turn: Turn, outcome: Outcome): void {
    const first = turn.firstMs === undefined ? outcome : { ...outcome, firstTokenMs: turn.firstMs }
    const { call, deployment } = this.#attempt
    const { principal } = this
    const { startedAtMs, hold: held } = turn
    this.#rows.add(held, { startedAtMs, callType: call.operation.callType, principal, deployment }, first)
  }
}

const nothing = () => {}

const outOfMoney = () =>
  new GatewayError(
    'budget_exceeded',
    'Budget has been exceeded! What is left does not cover another response. Ask the admin for a larger budget, or wait until it resets.',
    { retry: false },
  )
