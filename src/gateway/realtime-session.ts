import { type Fields, fields, isFields, parsed, text } from '../dialects/loose-json.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { RealtimeRequest } from '../operations/realtime.ts'
import { RealtimeContext, saysTwice, transcriptionIn } from '../operations/realtime-context.ts'
import {
  CLIENT_EVENTS,
  errorEvent,
  pieceOf,
  shownSession,
  soundIn,
  typeOf,
  withTranscriber,
} from '../operations/realtime-events.ts'
import { base64Bytes } from '../operations/text-size.ts'
import { maskSecrets } from '../providers/mask.ts'
import type { Principal } from '../tenants/principal.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { groupFor } from './groups.ts'
import { Inbox } from './realtime-inbox.ts'
import { Lease } from './realtime-lease.ts'
import { Rows } from './realtime-rows.ts'
import type { Socket } from './realtime-socket.ts'
import { transcriberFor } from './realtime-transcriber.ts'
import { type Ending, Turns } from './realtime-turns.ts'

/** OpenAI ends a session after an hour too. */
const LONGEST_MS = 3_600_000
const LOOK_MS = 5_000
/** Who may still talk is asked with a client's event at most so often. */
const STANDING_MS = 1_000
/** What a client may have said that waits for money: about a minute of sound. */
const MOST_WAITING = 4 * 1024 * 1024
const WAIT_MS = 250
/** How long a vendor is heard after its client has left, to learn what it bills. */
const DRAIN_MS = 2_000

const NORMAL = 1000
const POLICY = 1008
const TOO_BIG = 1009
const FAILED = 1011

export interface Opened {
  readonly attempt: Attempt<RealtimeRequest>
  readonly client: Socket
  readonly vendor: Socket
  /** How long the vendor took to open it. */
  readonly openedMs: number
  /** Who the caller is by now; throws where it may not call any more. */
  readonly standing: () => Promise<Principal>
}

/** One conversation, from both ends open to both ends closed. It never throws, and ends exactly once. */
export class RealtimeSession {
  readonly #opened: Opened
  readonly #deps: GatewayDeps
  readonly #context: RealtimeContext
  readonly #rows: Rows
  readonly #turns: Turns
  readonly #lease: Lease
  readonly #over = new AbortController()
  readonly #done = Promise.withResolvers<void>()
  readonly #inbox = new Inbox(MOST_WAITING, (data) => this.#taken(data))
  #isVendorOpen = true
  #isEnding = false
  #knownAtMs: number
  /** What was named to write down by. */
  #transcriber: string | undefined
  #error: GatewayError | undefined

  constructor(opened: Opened, deps: GatewayDeps) {
    const { attempt } = opened
    this.#opened = opened
    this.#deps = deps
    this.#context = new RealtimeContext(attempt.deployment)
    this.#rows = new Rows(attempt, deps)
    this.#turns = new Turns(attempt, this.#context, this.#rows, deps)
    this.#lease = new Lease(attempt, deps)
    this.#knownAtMs = deps.clock()
  }

  /** Resolves when everything that it cost is handed over. */
  run(): Promise<void> {
    const { client, vendor } = this.#opened
    client.listen({
      message: (data) => this.#fromClient(data),
      closed: (code, reason) => this.#end('client', code, reason),
    })
    vendor.listen({
      message: (data) => this.#fromVendor(data),
      closed: (code, reason) => this.#vendorLeft(code, reason),
    })
    void this.#look()
    return this.#done.promise
  }

  #fromClient(data: string | ArrayBuffer): void {
    if (this.#isEnding) return
    if (typeof data !== 'string') {
      this.#tell(invalid('Send events as text: binary frames say nothing here.'))
      return
    }
    if (this.#overtakes(data) || this.#inbox.put(data)) return
    this.#fail(new GatewayError('body_too_large', 'More was sent than can wait. Send sound as it is spoken.'), TOO_BIG)
  }

  /**
   * Whoever interrupts is heard at once, though sound waits for the money of what runs: it is what frees that. Not past a
   * response that is still to be asked for, which it may mean.
   */
  #overtakes(data: string): boolean {
    if (!this.#turns.isRunning || typeOf(data) !== 'response.cancel') return false
    if (!this.#inbox.every((one) => soundIn(one) !== undefined)) return false
    this.#forward(fields(parsed(data)))
    return true
  }

  async #taken(data: string): Promise<void> {
    try {
      await this.#pass(data)
    } catch (thrown) {
      this.#fail(toGatewayError(thrown))
    }
  }

  async #pass(data: string): Promise<void> {
    const bytes = soundIn(data)
    if (bytes !== undefined) return this.#passSound(data, bytes)
    const event = parsed(data)
    if (!isFields(event)) return this.#tell(invalid('An event must be a JSON object with a type.'))
    const type = text(event.type)
    if (type === undefined || !CLIENT_EVENTS.includes(type))
      return this.#tell(invalid(`Events of type ${String(type).slice(0, 60)} are not served here.`, 'type'), event)
    if (type === 'input_audio_buffer.append')
      return this.#passSound(JSON.stringify(event), typeof event.audio === 'string' ? base64Bytes(event.audio) : 0)
    await this.#maybeStand()
    if (type === 'response.create') return this.#ask(event)
    if (type === 'session.update') return this.#update(event)
    this.#context.sent(event)
    this.#forward(event)
  }

  /** What it may lead to is held for before the vendor hears it. */
  async #passSound(data: string, bytes: number): Promise<void> {
    await this.#maybeStand()
    this.#context.heard(bytes)
    if ((await this.#ready()) && !this.#isEnding) this.#opened.vendor.send(data)
  }

  async #ask(event: Fields): Promise<void> {
    this.#context.sent(event)
    const asked = await this.#turns.ask(event)
    if (asked instanceof GatewayError) {
      if (asked.kind === 'budget_exceeded' && !this.#turns.isBusy) this.#fail(asked, POLICY, event)
      else this.#tell(asked, event)
    } else if (this.#isEnding) this.#turns.refused(String(asked.event_id))
    else this.#forward(asked)
  }

  async #update(given: Fields): Promise<void> {
    const session = fields(given.session)
    if (session.type === 'transcription')
      return this.#tell(invalid('Sessions that only transcribe are not served here.', 'session.type'), given)
    if (saysTwice(session))
      return this.#tell(invalid('transcription and input_audio_transcription are the same: say one.'), given)
    let event = given
    const transcription = transcriptionIn(session)
    if (isFields(transcription)) {
      const named = text(transcription.model) ?? this.#context.transcribes
      if (named === undefined) return this.#tell(invalid('A transcription names its model.'), given)
      try {
        event = withTranscriber(given, this.#transcribeBy(named))
      } catch (thrown) {
        return this.#tell(toGatewayError(thrown), given)
      }
    }
    if (session.model !== undefined) {
      const { model } = this.#opened.attempt.target
      event = { ...event, session: { ...fields(event.session), model } }
    }
    this.#context.sent(event)
    if (this.#context.hasUnheard && !(await this.#ready())) return
    this.#forward(event)
  }

  /** A session may write down what is said although its client did not ask for it here. */
  #mayTranscribe(): void {
    const { by } = this.#turns.transcripts
    const named = this.#context.transcribes
    if (named === undefined || (by && named.startsWith(by.model))) return
    try {
      this.#transcribeBy(named)
    } catch (thrown) {
      this.#fail(toGatewayError(thrown))
    }
  }

  /** Answers the vendor's name of the model; throws where the caller may not use it. */
  #transcribeBy(named: string): string {
    const { provider } = this.#opened.attempt.deployment
    const { principal } = this.#turns
    const transcriber = transcriberFor(named, { provider, principal }, this.#deps.config)
    // The same one stays the same, and what is held for it.
    const { by } = this.#turns.transcripts
    if (JSON.stringify(by) !== JSON.stringify(transcriber)) this.#turns.transcripts.by = transcriber
    this.#transcriber = named
    return transcriber.model
  }

  /** Whether everything is held for that the vendor may do when it hears more. Where money is out it waits for what runs. */
  async #ready(): Promise<boolean> {
    for (;;) {
      const refusal = await this.#turns.ready()
      if (this.#isEnding) return false
      if (!refusal) return true
      const passes = refusal.kind === 'rate_limited' && refusal.details.retryAfterMs !== undefined
      const waits = passes || (isOfMoney(refusal) && this.#turns.isBusy)
      if (!waits) {
        this.#fail(refusal)
        return false
      }
      await this.#deps.sleep(WAIT_MS, this.#over.signal)
    }
  }

  #forward(event: Fields): void {
    // Written anew, so that both sides read the same: a name that stands twice has one meaning.
    if (!this.#isEnding) this.#opened.vendor.send(JSON.stringify(event))
  }

  #fromVendor(data: string | ArrayBuffer): void {
    const shown = typeof data === 'string' ? this.#heard(data) : data
    if (!this.#isEnding && shown !== undefined) this.#opened.client.send(shown)
    if (this.#isEnding && !this.#turns.isBusy) this.#over.abort()
  }

  /** Answers what the client is to see of it. */
  #heard(data: string): string {
    const type = typeOf(data)
    switch (type) {
      case 'session.created':
      case 'session.updated': {
        const event = fields(parsed(data))
        this.#context.settled(fields(event.session))
        this.#mayTranscribe()
        return shownSession(event, this.#opened.attempt.request.model)
      }
      case 'response.created':
        void this.#began(fields(fields(parsed(data)).response))
        return data
      case 'response.done':
        this.#turns.done(fields(fields(parsed(data)).response))
        return data
      case 'input_audio_buffer.committed':
        this.#turns.transcripts.committed(text(fields(parsed(data)).item_id), this.#turns.principal)
        return data
      case 'conversation.item.input_audio_transcription.completed':
      case 'conversation.item.input_audio_transcription.failed':
        this.#turns.transcripts.told(fields(parsed(data)), type.endsWith('failed'))
        return data
      case 'error':
        return this.#refused(fields(parsed(data)))
      default:
        if (type?.startsWith('response.') && type.endsWith('.delta')) this.#turns.wrote(pieceOf(type, data))
        return data
    }
  }

  async #began(response: Fields): Promise<void> {
    const refusal = await this.#turns.begun(response)
    if (refusal) this.#fail(refusal)
    else if (this.#isEnding) this.#cancel(this.#turns.running())
  }

  /** A vendor's refusal: about what the client sent, by the client's own name for it, and without anybody's keys. */
  #refused(event: Fields): string {
    const error = fields(event.error)
    const about = text(error.event_id)
    const isOurs = about !== undefined && this.#turns.isOurs(about)
    const theirs = isOurs ? this.#turns.refused(about) : undefined
    const { apiKey } = this.#opened.attempt.target
    const said = isOurs ? { ...event, error: { ...error, event_id: theirs ?? null } } : event
    const told = maskSecrets(JSON.stringify(said))
    return apiKey !== undefined && apiKey.length >= 8 ? told.replaceAll(apiKey, '***') : told
  }

  /** With a client's event, at most so often. */
  async #maybeStand(): Promise<void> {
    if (this.#deps.clock() - this.#knownAtMs > STANDING_MS) await this.#mustStand()
  }

  async #mustStand(): Promise<void> {
    this.#knownAtMs = this.#deps.clock()
    const principal = await this.#opened.standing()
    groupFor(this.#opened.attempt.request.model, principal, this.#deps)
    this.#turns.principal = principal
    if (this.#transcriber !== undefined) this.#transcribeBy(this.#transcriber)
  }

  /** Every few seconds: whether the caller still may, whether it has lasted too long, and what must be held anew. */
  async #look(): Promise<void> {
    const { sleep, clock } = this.#deps
    const startedAtMs = clock()
    try {
      for (;;) {
        await sleep(LOOK_MS, this.#over.signal)
        if (this.#isEnding) return
        if (clock() - startedAtMs > LONGEST_MS) throw tooLong()
        await this.#mustStand()
        await this.#lease.renew(this.#turns.principal)
        this.#cancel(this.#turns.overdue())
        this.#turns.transcripts.giveUp()
        const refusal = await this.#turns.refresh()
        if (refusal && !isOfMoney(refusal) && refusal.kind !== 'rate_limited') throw refusal
      }
    } catch (thrown) {
      this.#fail(toGatewayError(thrown))
    }
  }

  #cancel(responses: readonly string[]): void {
    for (const response_id of responses)
      this.#opened.vendor.send(JSON.stringify({ type: 'response.cancel', response_id }))
  }

  #tell(error: GatewayError, about?: Fields): void {
    this.#opened.client.send(errorEvent(error, newId(this.#deps.clock()), text(about?.event_id)))
  }

  #fail(error: GatewayError, code = error.status >= 500 ? FAILED : POLICY, about?: Fields): void {
    if (this.#isEnding) return
    this.#error = error
    this.#tell(error, about)
    this.#end('client', code, error.message)
  }

  #vendorLeft(code: number, reason: string): void {
    this.#isVendorOpen = false
    this.#over.abort()
    if (this.#isEnding) return
    const isGood = code === NORMAL || code >= 3000
    if (!isGood) {
      this.#error = new GatewayError('upstream_failed', 'The vendor closed the conversation. Open another.', {
        retry: true,
      })
      this.#tell(this.#error)
    }
    this.#end('vendor', isGood ? code : FAILED, maskSecrets(reason))
  }

  #end(by: Ending, code: number, reason: string): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#inbox.close()
    this.#opened.client.close(code, reason)
    this.#done.resolve(this.#close(by).catch(() => {}))
  }

  async #close(by: Ending): Promise<void> {
    const { vendor } = this.#opened
    try {
      if (this.#isVendorOpen && this.#turns.isBusy) {
        this.#cancel(this.#turns.running())
        await this.#deps.sleep(DRAIN_MS, this.#over.signal)
      }
      this.#over.abort()
      vendor.close(NORMAL, '')
      await this.#turns.end(by, this.#error)
    } finally {
      this.#lease.end()
      this.#rows.end(this.#opened.openedMs, by === 'vendor', this.#error)
    }
  }
}

const isOfMoney = ({ kind }: GatewayError) => kind === 'budget_exceeded' || kind === 'budget_held'

const invalid = (message: string, param?: string) =>
  new GatewayError('invalid_request', message, param === undefined ? {} : { param })

const tooLong = () =>
  new GatewayError('timeout', `A session lasts ${LONGEST_MS / 60_000} minutes at the most. Open another.`, {
    code: 'session_expired',
  })
