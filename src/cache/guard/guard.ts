import english from './english.json' with { type: 'json' }
import { type Language, languageOf } from './language.ts'
import { type Lexicon, lexiconOf } from './lexicon.ts'
import { type Item, type Reading, read } from './reading.ts'
import { sameWord } from './same-word.ts'
import { tokensOf } from './tokens.ts'
import vietnamese from './vietnamese.json' with { type: 'json' }

/** Why the answer to one question is not given to another. */
export type Refusal =
  | 'language'
  | 'question'
  | 'person'
  | 'number'
  | 'quotation'
  | 'direction'
  | 'name'
  | 'word'
  | 'order'
  | 'nothing to compare'
  /** A kind of deciding words of the language's own list: `negation`, `comparison`, `time`. */
  | (string & {})

/** Made once per isolate from constant lists, so never stale. */
const lexicons = new Map<Language, Lexicon>()

/**
 * Whether the answer to `known` may be given to whoever asks `asked`, which lie close to each other as vectors. Vectors
 * hardly move when a number, a name, a direction or a `not` changes, so whatever is not known to mean the same
 * refuses. Undefined lets it pass.
 */
export function refusal(asked: string, known: string): Refusal | undefined {
  const [left, right] = [tokensOf(asked), tokensOf(known)]
  const [language, other] = [languageOf(left), languageOf(right)]
  if (language !== other) return 'language'
  const lexicon = lexiconFor(language)
  return contradiction(read(left, lexicon), read(right, lexicon), lexicon)
}

function contradiction(a: Reading, b: Reading, lexicon: Lexicon | undefined): Refusal | undefined {
  const fault = differing(a.items, b.items, lexicon)
  if (fault) return fault
  if (!equal(askedFor(a), askedFor(b))) return 'question'
  if (a.persons.size > 0 && b.persons.size > 0 && !equal(a.persons, b.persons)) return 'person'
  return a.items.length === 0 ? 'nothing to compare' : undefined
}

/** `microservices` alone asks what they are. */
function askedFor({ asks }: Reading): ReadonlySet<string> {
  return asks.size === 0 ? new Set(['what']) : asks
}

function differing(a: readonly Item[], b: readonly Item[], lexicon: Lexicon | undefined): Refusal | undefined {
  if (a.length === b.length && a.every((item, at) => same(item, b[at]))) return undefined
  const alone = [...without(a, b), ...without(b, a)]
  const kinds = alone.map((item) => kindOf(item, lexicon))
  return RANK.find((kind) => kinds.includes(kind)) ?? kinds.find((kind) => kind !== 'word') ?? kinds[0] ?? 'order'
}

/** What is told first when several things differ. */
const RANK: readonly Refusal[] = ['quotation', 'number', 'negation', 'name', 'direction']

function without(items: readonly Item[], others: readonly Item[]): readonly Item[] {
  const left = [...others]
  return items.filter((item) => {
    const at = left.findIndex((other) => same(item, other))
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}

function same(a: Item, b: Item | undefined): boolean {
  if (b === undefined || a.kind !== b.kind) return false
  return a.kind === 'word' ? sameWord(a.text, b.text) : a.text === b.text
}

function kindOf({ kind, text, capital }: Item, lexicon: Lexicon | undefined): Refusal {
  if (kind === 'literal') return 'quotation'
  if (kind === 'number' || kind === 'symbol') return 'number'
  if (kind === 'direction') return 'direction'
  return lexicon?.decisive.get(text) ?? (capital || !LATIN.test(text) ? 'name' : 'word')
}

const LATIN = /^[\p{Script=Latin}\p{M}\p{N}'+#_]+$/u

function equal(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one))
}

function lexiconFor(language: Language): Lexicon | undefined {
  if (language === 'unknown') return undefined
  const known = lexicons.get(language)
  if (known) return known
  const made = lexiconOf(language === 'english' ? english : vietnamese)
  lexicons.set(language, made)
  return made
}
