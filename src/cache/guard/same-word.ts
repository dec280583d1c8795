/** They end in s and are no plurals, or another thing without it. */
const NO_PLURAL = new Set([
  'news',
  'series',
  'species',
  'lens',
  'means',
  'goods',
  'customs',
  'physics',
  'mathematics',
  'economics',
  'https',
  'always',
  'perhaps',
  'besides',
  'kubernetes',
  'redis',
  'postgres',
  'windows',
  'paypal',
  'glasses',
  'arms',
  'does',
])

/** Whether two English words are forms of one: `install` and `installing`, `service` and `services`. */
export function sameWord(a: string, b: string): boolean {
  if (a === b) return true
  if (a.charAt(0) !== b.charAt(0) || !/^[a-z]+$/.test(a) || !/^[a-z]+$/.test(b)) return false
  const others = bases(b)
  return bases(a).some((base) => others.includes(base))
}

function bases(word: string): readonly string[] {
  if (word.length < 4 || NO_PLURAL.has(word)) return [word]
  if (word.endsWith('ies') && word.length > 4) return [word, `${word.slice(0, -3)}y`, word.slice(0, -1)]
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return [word, word.slice(0, -2), word.slice(0, -1)]
  if (/[^sui]s$/.test(word)) return [word, word.slice(0, -1)]
  if (/[aeiouy].*ing$/.test(word) && word.length > 5) return [word, ...withoutEnding(word.slice(0, -3))]
  if (/[aeiouy].*ed$/.test(word) && word.length > 4) return [word, ...withoutEnding(word.slice(0, -2))]
  return [word]
}

/** `plann` was `plan`, `mak` was `make`. */
function withoutEnding(stem: string): readonly string[] {
  const doubled = /([bdfgklmnprt])\1$/.test(stem)
  return doubled ? [stem, stem.slice(0, -1)] : [stem, `${stem}e`]
}
