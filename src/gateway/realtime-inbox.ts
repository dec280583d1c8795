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
  #taken: string | undefined
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
    if (this.#taken === undefined) void this.#pump()
    return true
  }

  /** Whether everything is such that waits, and that is not done with. */
  every(isSuch: (data: string) => boolean): boolean {
    return (this.#taken === undefined || isSuch(this.#taken)) && this.#waiting.every(isSuch)
  }

  /** Nothing more is taken up. */
  close(): void {
    this.#isClosed = true
    this.#waiting.length = 0
  }

  /** `take` never throws. */
  async #pump(): Promise<void> {
    for (let data = this.#waiting.shift(); data !== undefined; data = this.#waiting.shift()) {
      this.#taken = data
      await this.#take(data)
      this.#chars -= sizeOf(data)
    }
    this.#taken = undefined
  }
}

const sizeOf = (data: string): number => EACH_CHARS + data.length
