import type { GatewayError } from '../errors.ts'
import type { ChatChunk, ChatCompletion, ChatRequest } from './chat.ts'

export type DialectName = 'openai' | 'completions' | 'responses' | 'anthropic' | 'gemini'

/** What a path says beside the body (`/v1beta/models/{model}:streamGenerateContent`). */
export interface PathFields {
  readonly model?: string
  readonly stream?: boolean
}

/** Prints canonical chunks as the caller's events. It may remember, but only about its own stream. */
export interface ChunkPrinter {
  /** Bytes of whole events; nothing when the caller's dialect has no word for the chunk. */
  print(chunk: ChatChunk): Uint8Array | undefined
  /** What closes a stream that was whole: last events, terminators. Never called for one that broke off. */
  end(): Uint8Array | undefined
}

/** What a client has been told of an answer that is nothing but text, up to an event of the vendor's. */
export interface Told {
  readonly id: string
  readonly created: number
  readonly text: string
  readonly last?: string
}

/** A caller's shape: pure translation from and to canonical chat, and the shape of its errors. */
export interface Dialect {
  readonly name: DialectName
  /** The content type of its streams, where they are not server-sent events. */
  readonly streamType?: string
  /** Throws `invalid_request` naming the field at fault in the caller's own words. */
  parse(body: unknown, path: PathFields): ChatRequest
  completion(answer: ChatCompletion, request: ChatRequest): unknown
  printer(request: ChatRequest): ChunkPrinter
  /**
   * A printer that goes on with a stream which a vendor of the same dialect began: for dialects whose events have names
   * of their own. Undefined where it cannot.
   */
  resumed?(request: ChatRequest, told: Told): ChunkPrinter | undefined
  errorBody(error: GatewayError, requestId: string): unknown
  /** The event that ends a stream which failed, in the framing of the caller's streams. */
  errorEvent(error: GatewayError, requestId: string): Uint8Array
}
