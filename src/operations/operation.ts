import type { Deployment } from '../config/config.ts'
import type { Dialect, PathFields } from '../dialects/dialect.ts'
import type { NanoUsd } from '../money.ts'
import type { Usage } from '../prices/usage.ts'
import type { Target, UpstreamRequest } from '../providers/provider.ts'
import type { Vendor } from '../providers/translator.ts'
import type { Needs } from '../routing/needs.ts'
import type { WorstCase } from './chat.ts'

/** What every operation's request has: the story reads nothing else of it. */
export interface AnyRequest {
  readonly model: string
  readonly stream?: boolean | null | undefined
  readonly user?: string | null | undefined
  readonly [field: string]: unknown
}

/** One request to one deployment, as it is put into the vendor's words and its answer into the caller's. */
export interface Asking<R extends AnyRequest> {
  /** A UUIDv7. */
  readonly id: string
  readonly request: R
  readonly deployment: Deployment
  readonly provider: Vendor
  readonly target: Target
  readonly startedAtMs: number
  /** The answer's longest length, where the budget left no more. */
  readonly loweredTo?: number
  /** The request is not what the caller sent, but what goes on with it. */
  readonly retold?: boolean
  readonly call: {
    readonly dialect: Dialect
    /** What the caller sent. Its fields are only to be passed on while the request is what it asked for. */
    readonly body: Readonly<Record<string, unknown>>
  }
}

/** One answer of a vendor, whole. One that is a picture and nothing else is `{ b64_json }`. */
export interface VendorAnswer {
  readonly text: string
  readonly json: unknown
}

/** An answer in the caller's words. */
export interface Told {
  readonly body: string
  /** Sent in its place where it is no text. */
  readonly bytes?: Uint8Array<ArrayBuffer>
  /** Its content type, where it is not JSON. */
  readonly type?: string
  readonly usage: Usage
  /** Counted by us, because the vendor did not say. */
  readonly estimated: boolean
}

/** Hears one answer that is passed on as it comes, byte for byte. */
export interface Hearing {
  /** Whether this is such an answer; one that is not is read whole. */
  takes(headers: Headers): boolean
  hear(bytes: Uint8Array): void
  /** The vendor has hung up. What is not complete by then broke off. */
  over(): void
  readonly complete: boolean
  /** The vendor said that it failed, and the event by which it did. */
  readonly failure: string | undefined
  /** What it used, as far as the vendor has told, else as far as can be reckoned. */
  used(): Pick<Told, 'usage' | 'estimated'>
  /** Whether its caller reads events: then one can say that it broke off. */
  readonly events: boolean
}

/** How an answer is kept shorter than the request allows, where money is short. */
export interface Lowering<R extends AnyRequest> {
  /** Whether the request says itself how long its answer may be. */
  namesMaximum(request: R): boolean
  /** The worst case of the shortest answer that is worth asking for; undefined without a bound. */
  leastCase(request: R, deployment: Deployment): NanoUsd | undefined
  longestWithin(request: R, deployment: Deployment, amountNano: NanoUsd): number
  lowered(request: R, deployment: Deployment, tokens: number): R
}

/**
 * One kind of work that callers ask for, as pure rules: what a request says, what it may cost at the most, how a vendor
 * is asked and its answer read. The gateway's story is the same for all of them.
 */
export interface Operation<R extends AnyRequest> {
  readonly name: 'chat' | 'embeddings' | 'images' | 'speech' | 'transcription' | 'moderation' | 'rerank' | 'realtime'
  /** LiteLLM's word for it in spend rows. */
  readonly callType: string
  /** Throws `invalid_request` naming the field at fault. */
  parse(body: unknown, path: PathFields, dialect: Dialect): R
  /** Why a vendor, or its model of this mode, cannot do it at all; undefined when it can. */
  unfit(provider: Vendor, mode: string): string | undefined
  worstCase(request: R, deployment: Deployment): WorstCase
  /** What a deployment must be able to do; region, tags and the caller's program are not the request's to say. */
  needs(request: R): Needs
  /** Equal for requests whose long beginning a vendor has cached. */
  prefixKey?(request: R): string | undefined
  readonly lowering?: Lowering<R>
  /** What an answer probably used that nobody counted. */
  estimateUsage(request: R, outputChars: number, maxOutputTokens?: number): Usage
  /** Whether the answer comes as a stream of events. */
  streams(request: R): boolean
  /** For answers that may be passed on as they come. */
  hearing?(asking: Asking<R>): Hearing | undefined
  /** Several where a vendor takes only one thing at a time; `told` gets their answers in the same order. */
  upstreams(asking: Asking<R>): readonly [UpstreamRequest, ...UpstreamRequest[]]
  /** Throws when it is not an answer after all. */
  told(asking: Asking<R>, answers: readonly [VendorAnswer, ...VendorAnswer[]]): Told
  /** Whether the vendor kept back what it wrote (`finish_reason: content_filter`). */
  filtered?(asking: Asking<R>, answer: VendorAnswer): boolean
}
