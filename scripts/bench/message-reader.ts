/**
 * Finds where messages end on a kept-alive HTTP/1.1 connection. The bench's two ends speak through it rather than
 * through node:http, whose cost per request is near that of the gateways it would measure, on the same two cores.
 */
export interface MessageEvents {
  /** The start line and headers. */
  head(text: string): void
  /** A piece of the body, free of chunk framing. */
  body(piece: Buffer): void
  end(): void
}

const NONE = Buffer.alloc(0)

export class MessageReader {
  readonly #events: MessageEvents
  #state: 'head' | 'body' | 'size' | 'chunk' | 'trailer' = 'head'
  #rest: Buffer = NONE
  /** Of the body or the chunk; a chunk's line end is not part of it. */
  #left = 0

  constructor(events: MessageEvents) {
    this.#events = events
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#step()) {}
  }

  /** Reads one thing; false when more bytes are needed. */
  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#readHead()
      case 'body':
        if (!this.#readPiece()) return false
        if (this.#left === 0) this.#endMessage()
        return true
      case 'size': {
        const line = this.#readLine()
        if (line === undefined) return false
        if (line === '') return true // what ends the chunk before
        this.#left = Number.parseInt(line, 16)
        this.#state = this.#left === 0 ? 'trailer' : 'chunk'
        return true
      }
      case 'chunk':
        if (!this.#readPiece()) return false
        if (this.#left === 0) this.#state = 'size'
        return true
      case 'trailer': {
        const line = this.#readLine()
        if (line === '') this.#endMessage()
        return line !== undefined
      }
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return false
    const head = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 4)
    this.#events.head(head)
    if (/^transfer-encoding: *chunked/im.test(head)) {
      this.#state = 'size'
    } else {
      this.#left = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
      this.#state = 'body'
      if (this.#left === 0) this.#endMessage()
    }
    return true
  }

  #readPiece(): boolean {
    if (this.#rest.length === 0) return false
    const piece = this.#rest.subarray(0, this.#left)
    this.#rest = this.#rest.subarray(piece.length)
    this.#left -= piece.length
    this.#events.body(piece)
    return true
  }

  #readLine(): string | undefined {
    const end = this.#rest.indexOf('\r\n')
    if (end < 0) return undefined
    const line = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 2)
    return line
  }

  #endMessage(): void {
    this.#state = 'head'
    this.#events.end()
  }
}
