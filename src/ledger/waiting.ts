/** So many may wait at a ledger; whoever comes after is refused at once, since it would wait behind all of them. */
const MOST_WAITING = 500

/** Requests that wait at a ledger until something it lent comes back. Memory only: an eviction ends them all. */
export class Waiting {
  /** In the order they came. */
  readonly #looks = new Set<() => void>()

  get isFull(): boolean {
    return this.#looks.size >= MOST_WAITING
  }

  /** Something came back: all who wait look at once, before anything else happens to it. */
  wake(): void {
    for (const look of this.#looks) look()
  }

  /** Looks at each return until something is found; answers undefined when the time is over. */
  until<T>(waitMs: number, find: () => T | undefined): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#looks.delete(look)
      }
      const look = (): void => {
        try {
          const found = find()
          if (found === undefined) return
          end()
          resolve(found)
        } catch (bug) {
          end()
          reject(bug)
        }
      }
      const timer = setTimeout(() => {
        end()
        resolve(undefined)
      }, waitMs)
      this.#looks.add(look)
    })
  }
}
