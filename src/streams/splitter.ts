/** One event of a stream that is not server-sent events: its name where the framing has names, and its payload as text. */
export interface FramedEvent {
  readonly event?: string
  readonly data: string
}

/** Cuts the bytes of one stream into events, however the network cut them. */
export interface EventSplitter {
  /** The events that this chunk completes. */
  push(chunk: Uint8Array): FramedEvent[]
  /** To be called once, when the source is over: what its end completes. */
  end(): FramedEvent[]
  /** Why the rest cannot be read. What was yielded before stays good; nothing comes after. */
  readonly broken: string | undefined
}
