import type { SpeechRequest, Transcript, TranscriptionRequest } from '../dialects/audio.ts'
import type { ChatChunk, ChatCompletion, ChatRequest } from '../dialects/chat.ts'
import type { EmbeddingRequest, Embeddings } from '../dialects/embeddings.ts'
import type { Images, ImagesAction, ImagesRequest } from '../dialects/images.ts'
import type { Moderation, ModerationRequest } from '../dialects/moderations.ts'
import type { Ranking, RerankRequest } from '../dialects/rerank.ts'
import type { Usage } from '../prices/usage.ts'
import type { Provider, Target, UpstreamRequest } from './provider.ts'

/** How a vendor cuts its streams into events. */
export type Framing = 'sse' | 'ndjson' | 'aws-event-stream'

/** One event as the framing yields it: its name where it has one, and its payload as text. */
export interface VendorEvent {
  readonly event?: string
  readonly data: string
}

/** Reads one stream. It may remember, but only about its own stream; an event it cannot read is counted, not thrown. */
export interface ChunkReader {
  read(event: VendorEvent): readonly ChatChunk[]
  /** The vendor said that the answer is whole. */
  readonly complete: boolean
  /** The vendor said that it failed, in words fit to be shown. */
  readonly error: string | undefined
  readonly malformed: number
}

/** What an answer is read with: names and times that vendors leave to us. */
export interface Reading {
  /** For answers whose vendor gives none. */
  readonly id: string
  readonly createdSeconds: number
  readonly request: ChatRequest
}

/**
 * The part of a provider that speaks another tongue than OpenAI's: canonical chat to the vendor's request, and the
 * vendor's answer back. Pure. What the vendor has no word for is refused by name, unless `drop_params` allows to leave
 * it out; nothing is silently changed.
 */
export interface Translator {
  readonly framing: Framing
  /** The vendor fetches nothing: what a request names on the web is put into it first (`remoteMedia`, `withMedia`). */
  readonly inlinesMedia?: boolean
  chat(request: ChatRequest, target: Target): UpstreamRequest
  completion(body: unknown, reading: Reading): ChatCompletion
  reader(reading: Reading): ChunkReader
  /** A body in the vendor's own dialect, passed on: only model, stream and auth are ours. */
  forward(body: Readonly<Record<string, unknown>>, stream: boolean, target: Target): UpstreamRequest
}

/** The part of a vendor that makes vectors. Pure. A vendor that takes one text at a time is asked once for each. */
export interface EmbeddingTranslator {
  /** In the order of the inputs; their answers are read in the same order. */
  embed(request: EmbeddingRequest, target: Target): readonly [UpstreamRequest, ...UpstreamRequest[]]
  embeddings(answers: readonly unknown[], request: EmbeddingRequest): Embeddings
}

/**
 * The part of a vendor that does one kind of work beside chats. Pure: a request in the gateway's words is put into the
 * vendor's, and its answers, one for each request in their order, into the gateway's. `read` throws for what is no answer.
 */
export interface Task<Request, Answer> {
  ask(request: Request, target: Target): readonly [UpstreamRequest, ...UpstreamRequest[]]
  read(answers: readonly unknown[], request: Request, target: Target): Answer
  /** What the event tells that ends an answer which is streamed; absent where the vendor streams none. */
  readonly streamed?: (event: unknown, request: Request) => Usage | undefined
}

/** The part of a vendor that reads aloud. Its answer is sound, or events with sound in them. */
export interface SpeechTask {
  ask(request: SpeechRequest, target: Target): UpstreamRequest
  /** Where the sound comes inside JSON, as a whole. Throws for what is no sound. */
  readonly read?: (answer: unknown, request: SpeechRequest) => Spoken
}

export interface Spoken {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string
  readonly usage?: Usage
}

/** What is said in a file: in its own language, and in English. */
export interface ListeningTasks {
  readonly transcriptions?: Task<TranscriptionRequest, Transcript>
  readonly translations?: Task<TranscriptionRequest, Transcript>
}

/** Pictures made from words, changed, and varied. */
export type ImageTasks = { readonly [A in ImagesAction]?: Task<ImagesRequest, Images> }

/** The part of a vendor that counts the tokens of a request without answering it. Pure. */
export interface TokenCounter {
  count(request: ChatRequest, target: Target): UpstreamRequest
  /** Undefined when the answer names no number. */
  counted(answer: unknown): number | undefined
}

/** A vendor as the registry holds it: how it is asked, how its answers are read, what its refusals mean. */
export interface Vendor extends Omit<Provider, 'chat'>, Translator {
  /** The vendor's answers in OpenAI's words, where its OpenAI has an accent: such answers are told anew. */
  readonly plain?: (answer: unknown) => unknown
  /** It leaves out by itself what other dialects can say and it does not understand. */
  readonly understands?: true
  /** The same vendor by OpenAI's Responses, for callers who speak them too; undefined where the deployment has none. */
  readonly responses?: (target: Target) => Vendor | undefined
  readonly embedding?: EmbeddingTranslator
  readonly images?: ImageTasks
  readonly speech?: SpeechTask
  readonly transcription?: ListeningTasks
  readonly moderation?: Task<ModerationRequest, Moderation>
  readonly reranking?: Task<RerankRequest, Ranking>
  readonly tokenCounter?: TokenCounter
  /** Where its conversations over a WebSocket are, in OpenAI's realtime events: a request that asks for the upgrade. */
  readonly realtime?: (target: Target) => UpstreamRequest
  /** It has no chat, only what is named beside it. */
  readonly chatless?: true
}
