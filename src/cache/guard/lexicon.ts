/**
 * What the guard knows of a language. It only ever knows what may be passed over: a word that stands in no list must be
 * the same in both questions, and so must everything listed under `decisive`.
 */
export interface LanguageData {
  /** Kinds of words that decide, with their names for the report. They are never passed over. */
  readonly decisive: Readonly<Record<string, readonly string[]>>
  /** Ways to ask, by what is asked for. */
  readonly asks: Readonly<Record<string, readonly string[]>>
  /** The same, where nothing came before: `list the …` asks, `sort a list` does not. */
  readonly openers: Readonly<Record<string, readonly string[]>>
  /** Who is spoken of: only a contradiction counts. */
  readonly persons: Readonly<Record<string, readonly string[]>>
  /** Words that mean nothing by themselves. */
  readonly ignored: readonly string[]
  /** The same, where they do not begin the question; there they ask for yes or no. */
  readonly auxiliaries: readonly string[]
  /** At the end of a sentence they ask for yes or no, elsewhere they are what they are. */
  readonly finalParticles: readonly string[]
  /** One from, the other to: kept in their place. `to` counts beside a `from` only. */
  readonly directions: { readonly from: readonly string[]; readonly to: readonly string[] }
  /** Groups of words that are one; the first stands for all. */
  readonly same: readonly (readonly string[])[]
}

export type Meaning =
  | { readonly is: 'word'; readonly as: string }
  | { readonly is: 'ask' | 'opener'; readonly as: string }
  | { readonly is: 'person'; readonly as: string }
  | { readonly is: 'from' | 'to' | 'auxiliary' | 'ignored' }

export interface Lexicon {
  /** By phrase, its words joined with one space. */
  readonly meanings: ReadonlyMap<string, Meaning>
  readonly longest: number
  readonly finalParticles: ReadonlySet<string>
  /** Which kind of deciding word it is. */
  readonly decisive: ReadonlyMap<string, string>
}

export function lexiconOf(data: LanguageData): Lexicon {
  const meanings = new Map<string, Meaning>()
  const put = (phrases: readonly string[], meaning: Meaning) => {
    for (const phrase of phrases) meanings.set(split(phrase), meaning)
  }
  put(data.ignored, { is: 'ignored' })
  put(data.auxiliaries, { is: 'auxiliary' })
  for (const [as, phrases] of Object.entries(data.persons)) put(phrases, { is: 'person', as })
  for (const [as, phrases] of Object.entries(data.asks)) put(phrases, { is: 'ask', as })
  for (const [as, phrases] of Object.entries(data.openers)) put(phrases, { is: 'opener', as })
  put(data.directions.from, { is: 'from' })
  put(data.directions.to, { is: 'to' })
  const decisive = new Map<string, string>()
  for (const [kind, words] of Object.entries(data.decisive)) {
    for (const word of words) {
      decisive.set(word, kind)
      if (!meanings.has(word)) meanings.set(word, { is: 'word', as: word })
    }
  }
  for (const group of data.same) {
    const as = group[0] ?? ''
    put(group, { is: 'word', as })
  }
  const longest = Math.max(...[...meanings.keys()].map((phrase) => phrase.split(' ').length))
  return { meanings, longest, finalParticles: new Set(data.finalParticles), decisive }
}

/** As a text is read: `i'd like` is three words, `what's` is `what`. */
function split(phrase: string): string {
  return phrase.replace(/'(d|ll|m|re|ve)\b/g, ' $1').replace(/'s\b/g, '')
}
