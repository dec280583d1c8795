import type { Fields } from '../dialects/loose-json.ts'

/** A word and when it was said, in seconds. */
export interface Word {
  readonly word: string
  readonly start: number
  readonly end: number
}

/** Words of one line of subtitles. */
const WORDS_PER_SEGMENT = 12

/** OpenAI's segments of what another vendor tells in words. */
export function segmentsOf(words: readonly Word[]): Fields[] {
  return Array.from({ length: Math.ceil(words.length / WORDS_PER_SEGMENT) }, (_, id) => {
    const some = words.slice(id * WORDS_PER_SEGMENT, (id + 1) * WORDS_PER_SEGMENT)
    const said = some.map(({ word }) => word).join(' ')
    return { id, start: some[0]?.start ?? 0, end: some.at(-1)?.end ?? 0, text: said }
  })
}
