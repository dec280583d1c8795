import { refusal } from '../../src/cache/guard/guard.ts'

export interface Pair {
  /** What differs; `same` when one answer serves both. */
  readonly label: string
  readonly language: string
  readonly asked: string
  readonly known: string
}

/** `label|language|one|another`, a pair a line; lines that begin with # are remarks. */
export function pairsOf(text: string): readonly Pair[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [label = '', language = '', asked = '', known = '', ...more] = line.split('|')
      if (known === '' || more.length > 0) throw new Error(`not a pair: ${line}`)
      return { label, language, asked, known }
    })
}

export interface Verdict {
  readonly pairs: number
  /** Of what was let through, how much was the same. */
  readonly precision: number
  /** Of what is the same, how much was let through. */
  readonly recall: number
  /** Let through although something differs. */
  readonly wrong: readonly Pair[]
  /** Refused although one answer would do. */
  readonly missed: readonly (Pair & { readonly because: string })[]
}

/** Both ways round: the guard must not care which question came first. */
export function judge(pairs: readonly Pair[]): Verdict {
  const wrong: Pair[] = []
  const missed: (Pair & { because: string })[] = []
  let right = 0
  for (const pair of pairs) {
    const against = refusal(pair.asked, pair.known) ?? refusal(pair.known, pair.asked)
    if (pair.label === 'same' && against === undefined) right += 1
    else if (pair.label === 'same') missed.push({ ...pair, because: against ?? '' })
    else if (against === undefined) wrong.push(pair)
  }
  const passed = right + wrong.length
  return {
    pairs: pairs.length,
    precision: passed === 0 ? 1 : right / passed,
    recall: right / (right + missed.length || 1),
    wrong,
    missed,
  }
}
