/** What will happen, soonest first; at the same moment in the order of planning. A binary heap. */
export class Agenda<T> {
  readonly #heap: { readonly atMs: number; readonly turn: number; readonly what: T }[] = []
  #turn = 0

  plan(atMs: number, what: T): void {
    const heap = this.#heap
    heap.push({ atMs, turn: this.#turn++, what })
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.#before(at, parent)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  next(): { readonly atMs: number; readonly what: T } | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    for (let at = 0; ; ) {
      let least = at
      if (this.#before(2 * at + 1, least)) least = 2 * at + 1
      if (this.#before(2 * at + 2, least)) least = 2 * at + 2
      if (least === at) return first
      this.#swap(at, least)
      at = least
    }
  }

  #before(one: number, other: number): boolean {
    const a = this.#heap[one]
    const b = this.#heap[other]
    return a !== undefined && b !== undefined && (a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn))
  }

  #swap(one: number, other: number): void {
    const a = this.#heap[one]
    const b = this.#heap[other]
    if (a === undefined || b === undefined) return
    this.#heap[one] = b
    this.#heap[other] = a
  }
}
