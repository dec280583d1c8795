/** A piece of a question. `literal` is what stood in quotes or code, an address or a path: compared as it is. */
export interface Token {
  readonly kind: 'word' | 'number' | 'symbol' | 'literal'
  /** In small letters, except in code. */
  readonly text: string
  /** Written with a capital although no sentence begins here. */
  readonly capital: boolean
  /** In capitals throughout: `WHO` is not `who`. */
  readonly acronym: boolean
  /** `France's`. */
  readonly owner: boolean
  /** The last word before a sentence ends. */
  readonly final: boolean
}

const CODE = '```[sS]*?```|`[^`]+`'
const QUOTED = String.raw`"[^"]+"|“[^”]+”|«[^»]+»|„[^“”]+[“”]|(?<![\p{L}\p{N}])['‘][^'’\n]+['’](?![\p{L}\p{N}])`
const ADDRESS = String.raw`\b[a-z][a-z0-9+.-]*:\/\/\S+[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+`
const NUMBER = String.raw`(?:(?<![\p{L}\p{N})])[-−])?\p{N}+(?:[.,:/]\p{N}+)*`
const WORD = String.raw`[\p{L}\p{M}_][\p{L}\p{M}\p{N}_]*(?:['’][\p{L}]+)*(?:\+\+|#)?`
const PIECES = new RegExp(
  `(?<code>${CODE})|(?<quoted>${QUOTED})|(?<address>${ADDRESS})|(?<number>${NUMBER})|(?<word>${WORD})|(?<end>[.?!…。？！\\n]+)|(?<symbol>[+\\-*/=<>^%~|&@#]|\\p{S})`,
  'giu',
)

/** The text in pieces: no punctuation, but every sign that can mean something. */
export function tokensOf(text: string): readonly Token[] {
  const normal = text.normalize('NFC').replaceAll('’', "'")
  const tokens: Token[] = []
  let begins = true
  const add = (kind: Token['kind'], piece: string, more: Partial<Token> = {}) => {
    tokens.push({ kind, text: piece, capital: false, acronym: false, owner: false, final: false, ...more })
    begins = false
  }
  for (const { 0: piece, groups = {}, index } of normal.matchAll(PIECES)) {
    if (groups.code !== undefined) add('literal', piece.replace(/^`+|`+$/g, '').trim())
    else if (groups.quoted !== undefined) add('literal', piece.slice(1, -1).replace(/\s+/g, ' ').trim().toLowerCase())
    else if (groups.address !== undefined) add('literal', piece)
    else if (groups.number !== undefined) add('number', piece.replace('−', '-'))
    else if (groups.word !== undefined) addWord(piece)
    else if (groups.symbol !== undefined) addSymbol(piece, normal[index - 1], normal[index + 1])
    else {
      const last = tokens.at(-1)
      if (last) tokens[tokens.length - 1] = { ...last, final: true }
      begins = true
    }
  }
  const last = tokens.at(-1)
  if (last) tokens[tokens.length - 1] = { ...last, final: true }
  return tokens

  function addWord(piece: string): void {
    const letters = piece.replace(/'.*$/, '')
    const acronym = letters.length > 1 && letters === letters.toUpperCase() && letters !== letters.toLowerCase()
    const first = letters.charAt(0)
    const capital = !begins && letters.length > 1 && first !== first.toLowerCase()
    const word = oneSpelling(piece.toLowerCase())
    const owner = word.endsWith("'s") && !acronym
    add('word', word, { capital, acronym, owner })
  }

  /** A stroke between words joins them; beside a figure or alone it is a sign. */
  function addSymbol(piece: string, before = ' ', after = ' '): void {
    if (/[-/|&~@#*]/.test(piece) && /\p{L}/u.test(before) && /[\p{L}\p{N}]/u.test(after)) return
    if (/[-*#|~@]/.test(piece) && !/[\p{N})]/u.test(before) && !/[\p{N}(]/u.test(after)) return
    add('symbol', piece)
  }
}

const TONES: readonly (readonly [RegExp, string])[] = [
  ['oà', 'òa'],
  ['oá', 'óa'],
  ['oả', 'ỏa'],
  ['oã', 'õa'],
  ['oạ', 'ọa'],
  ['oè', 'òe'],
  ['oé', 'óe'],
  ['oẻ', 'ỏe'],
  ['oẽ', 'õe'],
  ['oẹ', 'ọe'],
  ['(?<!q)uỳ', 'ùy'],
  ['(?<!q)uý', 'úy'],
  ['(?<!q)uỷ', 'ủy'],
  ['(?<!q)uỹ', 'ũy'],
  ['(?<!q)uỵ', 'ụy'],
].map(([late = '', early = '']) => [new RegExp(`${late}$`, 'u'), early] as const)

const LATE_TONE = /[oòuù]?[àáảãạèéẻẽẹỳýỷỹỵ]$/u

/** Vietnamese has two habits of placing the tone (`hoà`, `hòa`): one of them. */
function oneSpelling(word: string): string {
  if (!LATE_TONE.test(word)) return word
  return TONES.reduce((spelt, [late, early]) => spelt.replace(late, early), word)
}
