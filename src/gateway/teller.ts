import type { ChunkPrinter } from '../dialects/dialect.ts'
import type { GatewayError } from '../errors.ts'
import { estimateUsage } from '../operations/chat.ts'
import { passes, readingOf, splitterOf } from '../operations/chat-tongue.ts'
import type { Usage } from '../prices/usage.ts'
import { chatMeter } from '../streams/meter.ts'
import { relay } from '../streams/relay.ts'
import type { FramedEvent } from '../streams/splitter.ts'
import type { Source, Spoken, Telling } from '../streams/telling.ts'
import { type Answer, watched } from './ask.ts'
import type { Attempt } from './attempt.ts'
import { refusedInStream } from './refused-within.ts'
import { printerAfter, type Stitch } from './stitch.ts'
import { withCost } from './streamed-cost.ts'
import { translate } from './translate.ts'

/** How one vendor's stream is told to one caller. */
export interface Teller {
  readonly telling: Telling
  /** What the vendor said when it failed in the middle, classified. */
  readonly refusal: () => GatewayError | undefined
  /** Goes on in the caller's words from what was told, where that can be. */
  readonly printer: (spoken: Spoken) => ChunkPrinter | undefined
}

export interface TellerOptions {
  readonly response: Response
  readonly body: ReadableStream<Uint8Array>
  readonly watch: Answer['watch']
  /** Whether another may have to go on with it. */
  readonly keepsText: boolean
  /** Set for who goes on with an answer that another began. */
  readonly stitch?: Stitch
  readonly printer?: Teller['printer']
  /** Listens to the vendor's own bytes. */
  readonly taped?: (source: Source) => Source
  /** Set where the caller is told with the usage what it cost. */
  readonly usdOf?: (usage: Usage) => number
}

export function tellerOf(attempt: Attempt, options: TellerOptions): Teller {
  const { response, body, watch, keepsText, stitch, printer: before, taped, usdOf } = options
  const { call, request, provider, deployment } = attempt
  let telling: Telling | undefined
  const heard = watched(body, watch)
  watch.wholeBy(() => telling?.complete === true)
  const source = taped ? taped(heard) : heard
  let refused: GatewayError | undefined
  const failed = (event: FramedEvent) => {
    refused = refusedInStream(provider, response, event)
    return refused.message
  }
  const refusal = () => refused
  const priced = (told: Telling) => (usdOf && COSTED.has(call.dialect.name) ? withCost(told, usdOf) : told)
  const passing = stitch === undefined && passes(attempt)
  const anew = (spoken: Spoken) => printerAfter(call.dialect, request, spoken)
  if (passing && call.dialect.name === 'openai') {
    const meter = chatMeter({
      group: deployment.group,
      showUsage: request.stream_options?.include_usage === true,
      usage: provider.usage,
      errorMessage: (data) => failed({ data }),
      choices: request.n ?? 1,
      keepsText,
    })
    telling = priced(relay(source, meter))
    return { telling, refusal, printer: anew }
  }
  const printer = passing ? undefined : ((stitch && before?.(stitch.spoken)) ?? call.dialect.printer(request))
  telling = priced(
    translate(source, {
      splitter: splitterOf(attempt),
      reader: provider.reader(readingOf(attempt)),
      estimate: (chars) => estimateUsage(request, chars, deployment.maxOutputTokens),
      onError: failed,
      ...(printer && { printer }),
      ...(stitch && { stitch }),
    }),
  )
  return { telling, refusal, printer: printer ? () => printer : anew }
}

/** Dialects whose usage has a place for a cost, as LiteLLM has it. */
const COSTED: ReadonlySet<string> = new Set(['openai', 'completions'])

const STREAM_TYPES = {
  sse: ['text/event-stream'],
  ndjson: ['application/x-ndjson', 'application/ndjson', 'application/json'],
  'aws-event-stream': ['application/vnd.amazon.eventstream'],
} as const

/** Servers and proxies that do not say what they send are taken at what was asked: a stream without a good event is none. */
const UNSAID = new Set(['', 'text/plain', 'application/octet-stream', 'binary/octet-stream'])

export function isStream({ provider }: Attempt, headers: Headers): boolean {
  const type = headers.get('content-type')?.toLowerCase() ?? ''
  if (UNSAID.has(type.split(';')[0]?.trim() ?? '')) return true
  return STREAM_TYPES[provider.framing].some((known) => type.startsWith(known))
}
