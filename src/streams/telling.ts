import type { Usage } from '../prices/usage.ts'

/** What a stream came to, as far as it was read. */
export interface StreamFacts {
  /** Absent when the vendor never said. */
  readonly usage?: Usage
  readonly outputChars: number
  readonly finishReason?: string
  readonly malformed: number
}

export interface StreamEnd extends StreamFacts {
  /** `cut`: the vendor broke off or failed; `cancelled`: the client left. Only `complete` is a success. */
  readonly how: 'complete' | 'cut' | 'cancelled'
  /** Why it was cut. */
  readonly error?: string
}

export interface Step {
  /** For the client, in its own words. */
  readonly bytes: readonly Uint8Array[]
  /** Nothing comes after. */
  readonly over?: { readonly how: 'complete' } | { readonly how: 'cut'; readonly error: string }
}

/** What a client has been told, where it can be gone on with: text of one answer that has not ended, and nothing else. */
export interface Spoken {
  readonly id: string
  readonly created: number
  readonly text: string
  /** The vendor's last event, where its events are the client's too. */
  readonly last?: string
}

/** A vendor's body. One read at a time. */
export interface Source {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(reason?: unknown): Promise<void>
}

/** One vendor's stream on its way to a client: read step by step, never further than somebody asks. */
export interface Telling {
  /** Never rejects: a connection that is lost is a cut. */
  next(): Promise<Step>
  /** Content has been seen. */
  readonly begun: boolean
  /** Content or a finish has been seen: this is an answer, and may be shown. */
  readonly good: boolean
  /** The vendor said that the answer is whole. */
  readonly complete: boolean
  facts(): StreamFacts
  spoken(): Spoken | undefined
  cancel(reason?: unknown): Promise<void>
  /** After its last step: waits until the vendor has hung up, so that its connection can be used again. */
  drained(): Promise<void>
}
