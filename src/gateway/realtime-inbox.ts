/** What keeping an event takes beside its text, so that empty ones cannot wait without end. */
const EACH_CHARS = 100

/**
 * What a client says, one after the other: the next is only taken up when the one before it is done with. Bounded, since
 * something may have to wait for money.
 */
export class Inbox {
  readonly #most: number
  readonly #take: (data: string) => Promise<void>
  readonly #waiting: string[] = []
  #chars = 0
  #isTaking = false
  #isClosed = false

  constructor(mostChars: number, take: (data: string) => Promise<void>) {
    this.#most = mostChars
    this.#take = take
  }

  /** False where more waits than may. */
  put(data: string): boolean {
    if (this.#isClosed) return true
    this.#chars += sizeOf(data)
    if (this.#chars > this.#most) return false
    this.#waiting.push(data)
    if (!this.#isTaking) void this.#pump()
    return true
  }

  /** Nothing more is taken up. */
  close(): void {
    this.#isClosed = true
    this.#waiting.length = 0
  }

  /** `take` never throws. */
  async #pump(): Promise<void> {
    this.#isTaking = true
    for (let data = this.#waiting.shift(); data !== undefined; data = this.#waiting.shift()) {
      await this.#take(data)
      this.#chars -= sizeOf(data)
    }
    this.#isTaking = false
  }
}

const sizeOf = (data: string): number => EACH_CHARS + data.length
