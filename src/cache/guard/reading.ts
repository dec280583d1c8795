import type { Lexicon, Meaning } from './lexicon.ts'
import type { Token } from './tokens.ts'

/** One thing of a question that must be in the other as well, in its place. */
export interface Item {
  readonly text: string
  readonly kind: Token['kind'] | 'direction'
  readonly capital: boolean
}

/** A question, without what may be said differently. */
export interface Reading {
  readonly items: readonly Item[]
  /** What is asked for: `what`, `why`, `yes or no`. */
  readonly asks: ReadonlySet<string>
  readonly persons: ReadonlySet<string>
}

/** Without a lexicon nothing is passed over. */
export function read(tokens: readonly Token[], lexicon: Lexicon | undefined): Reading {
  const items: Item[] = []
  const asks = new Set<string>()
  const persons = new Set<string>()
  const pieces = inUnits(lexicon ? possessorsLast(tokens) : tokens)
  const shouted = pieces.filter(({ capital, acronym }) => capital || acronym).length * 2 > pieces.length
  const directions: number[] = []
  let begun = false

  for (let at = 0; at < pieces.length; ) {
    const token = pieces[at]
    if (!token) break
    const found = lexicon && token.kind === 'word' ? longestAt(pieces, at, lexicon, { shouted, begun }) : undefined
    at += found?.length ?? 1
    if (lexicon?.finalParticles.has(token.text) && token.final && found?.length === 1) asks.add('yes or no')
    else take(token, found?.meaning ?? { is: 'word', as: token.text })
  }
  const from = items.some(({ kind, text }) => kind === 'direction' && text === 'from')
  const kept = from ? items : items.filter((_, at) => !directions.includes(at))
  if (asks.size > 1) asks.delete('yes or no')
  if (asks.has('difference')) asks.delete('what')
  // Unless it is all that is asked, being able to says nothing: `how can I`, `how do I`.
  const able = asks.has('yes or no') || asks.size === 0
  return { items: able ? kept : kept.filter(({ text }) => text !== 'can'), asks, persons }

  function take(token: Token, meaning: Meaning): void {
    if (meaning.is === 'ask' || meaning.is === 'opener') asks.add(meaning.as)
    else if (meaning.is === 'person') persons.add(meaning.as)
    else if (meaning.is === 'auxiliary') {
      if (!begun && asks.size === 0) asks.add('yes or no')
      begun ||= asks.has('yes or no')
    } else if (meaning.is === 'from') items.push({ text: 'from', kind: 'direction', capital: false })
    else if (meaning.is === 'to') {
      directions.push(items.length)
      items.push({ text: 'to', kind: 'direction', capital: false })
    } else if (meaning.is === 'word') {
      if (!begun && meaning.as === 'can') asks.add('yes or no')
      const kind = /^\d+$/.test(meaning.as) ? 'number' : token.kind
      items.push({ text: meaning.as, kind, capital: token.capital || token.acronym })
    }
    begun = items.length > 0 || begun
  }
}

interface Found {
  readonly meaning: Meaning
  readonly length: number
}

interface Where {
  /** Most of it is in capitals, so they say nothing. */
  readonly shouted: boolean
  /** Something that counts came before. */
  readonly begun: boolean
}

function longestAt(tokens: readonly Token[], at: number, lexicon: Lexicon, where: Where): Found | undefined {
  const words: string[] = []
  for (const token of tokens.slice(at, at + lexicon.longest)) {
    if (token.kind !== 'word') break
    words.push(token.text)
    if (token.final) break
  }
  for (let length = words.length; length > 0; length--) {
    const meaning = lexicon.meanings.get(words.slice(0, length).join(' '))
    if (!meaning || (meaning.is === 'opener' && where.begun)) continue
    // A name may look like a small word: `WHO`, `Will Smith`.
    const first = tokens[at]
    const named = length === 1 && !where.shouted && (first?.acronym === true || first?.capital === true)
    return named && first && isSmall(first.text, meaning, lexicon) ? name(first) : { meaning, length }
  }
  return undefined
}

/** Weekdays, months and units are written either way. */
function isSmall(text: string, meaning: Meaning, { decisive }: Lexicon): boolean {
  const kind = decisive.get(text)
  return meaning.is !== 'word' || (kind !== undefined && kind !== 'time' && kind !== 'unit')
}

function name({ text }: Token): Found {
  return { meaning: { is: 'word', as: text.charAt(0).toUpperCase() + text.slice(1) }, length: 1 }
}

const ASKING = /^(?:what|who|where|when|why|how|which|that|it|there|here|he|she|let|this)$/

/** `France's capital` is the `capital France`; `what's` is `what`, `don't` is `do not`. */
function possessorsLast(tokens: readonly Token[]): readonly Token[] {
  const out: Token[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]
    if (!token) break
    const next = tokens[at + 1]
    const bare = { ...token, text: token.text.replace(/'s$/, ''), owner: false }
    if (token.owner && !ASKING.test(bare.text) && !token.final && next?.kind === 'word') {
      const names: Token[] = [bare]
      while (bare.capital && out.at(-1)?.capital && out.at(-1)?.kind === 'word') {
        const earlier = out.pop()
        if (earlier) names.unshift(earlier)
      }
      const last = names.length - 1
      out.push(
        { ...next, final: false },
        ...names.map((name, n) => (n === last ? { ...name, final: next.final } : name)),
      )
      at += 1
    } else out.push(...inFull(token.owner ? bare : token))
  }
  return out
}

const SHORTENED: Readonly<Record<string, readonly string[]>> = {
  "can't": ['can', 'not'],
  cannot: ['can', 'not'],
  "won't": ['will', 'not'],
  "shan't": ['shall', 'not'],
}

function inFull(token: Token): readonly Token[] {
  if (token.kind !== 'word') return [token]
  const words =
    SHORTENED[token.text] ??
    (token.text.endsWith("n't") ? [token.text.slice(0, -3), 'not'] : token.text.split(/'(?=(?:m|re|ve|ll|d)$)/))
  const last = words.length - 1
  return words.map((text, n) => ({ ...token, text, final: token.final && n === last }))
}

const SIGNS: Readonly<Record<string, string>> = {
  '%': 'percent',
  $: 'usd',
  '€': 'eur',
  '£': 'gbp',
  '₫': 'vnd',
  '¥': 'jpy',
}
const THOUSANDS = /^-?\d{1,3}(?:,\d{3})+$/
const THOUSANDS_DOTTED = /^-?\d{1,3}(?:\.\d{3}){2,}$/

/** `$5` is 5 dollars, `10km` 10 kilometres, and 1,000 is 1000. */
function inUnits(tokens: readonly Token[]): readonly Token[] {
  const out: Token[] = []
  for (const token of tokens) {
    const sign = token.kind === 'symbol' ? SIGNS[token.text] : undefined
    if (sign !== undefined) out.push({ ...token, kind: 'word', text: sign })
    else if (token.kind === 'number') {
      const whole = THOUSANDS.test(token.text) || THOUSANDS_DOTTED.test(token.text)
      const before = out.at(-1)
      const number = whole ? { ...token, text: token.text.replace(/[.,]/g, '') } : token
      const money = before?.kind === 'word' && ['usd', 'eur', 'gbp', 'vnd', 'jpy'].includes(before.text)
      if (money) out.splice(-1, 1, number, before)
      else out.push(number)
    } else out.push(token)
  }
  return out
}
