/** Joins what another writes to what was written before, without saying anything twice. */
export interface Seam {
  /** What of this text, and of what was held back, goes on from there. */
  push(text: string): string
  /** What is still held back when the text is over. */
  end(): string
}

/** Fewer letters and digits than this may well be said twice. */
const LEAST_OVERLAP = 8

/**
 * For a model that was asked to go on, and may begin by repeating the end of what was written, or all of it. Its text is
 * held back only as long as it could still be a repetition.
 */
export function seam(before: string): Seam {
  let held = ''
  let decided = false
  /** Where in `before` a repetition may have begun. */
  let live: readonly number[] = Array.from({ length: before.length }, (_, at) => at)
  let overlap = 0

  const decide = (): string => {
    decided = true
    return lettersIn(held.slice(0, overlap)) >= LEAST_OVERLAP ? held.slice(overlap) : held
  }

  return {
    push(text) {
      if (decided) return text
      for (let at = held.length; at < held.length + text.length && live.length > 0; at++) {
        const unit = text[at - held.length]
        const matching = live.filter((start) => before[start + at] === unit)
        live = matching.filter((start) => start + at + 1 < before.length)
        if (live.length < matching.length) overlap = at + 1
      }
      held += text
      return live.length === 0 ? decide() : ''
    },
    end: () => (decided ? '' : decide()),
  }
}

/** For a model that goes on by itself from a text whose last white space it was not given. */
export function seamAfter(space: string): Seam {
  let at = 0
  return {
    push(text) {
      let from = 0
      while (from < text.length && at < space.length) {
        if (text[from] !== space[at]) {
          at = space.length
          break
        }
        from += 1
        at += 1
      }
      return text.slice(from)
    },
    end: () => '',
  }
}

function lettersIn(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
}
