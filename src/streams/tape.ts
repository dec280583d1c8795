import type { Source } from './telling.ts'

/** A vendor's bytes, held as they came: views of what is passed on anyway, up to a size; a longer stream leaves nothing. */
export class Tape {
  readonly #mostBytes: number
  #pieces: Uint8Array[] | undefined = []
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  of(source: Source): Source {
    return {
      read: async () => {
        const piece = await source.read()
        if (piece.value) this.#hold(piece.value)
        return piece
      },
      cancel: (reason) => source.cancel(reason),
    }
  }

  pieces(): readonly Uint8Array[] | undefined {
    return this.#pieces
  }

  #hold(piece: Uint8Array): void {
    this.#bytes += piece.length
    if (this.#bytes > this.#mostBytes) this.#pieces = undefined
    this.#pieces?.push(piece)
  }
}
