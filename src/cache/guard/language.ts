import type { Token } from './tokens.ts'

export type Language = 'english' | 'vietnamese' | 'unknown'

/** Letters that no other language in Latin script has in this company. */
const VIETNAMESE = /[đơưăạảấầẩẫậắằẳẵặẹẻẽếềểễệỉĩịọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ]/u
/** Letters that Vietnamese shares with others, on syllables that are its own. */
const VIETNAMESE_WORDS = new Set(
  (
    'là gì và có thì mà sao cho trong khi nào không hay giá bao nhiêu cách so sánh thế làm tôi vì nên giải thích khác ' +
    'mình anh nhà hai ba năm viết nghĩa trình bày'
  ).split(' '),
)
/** Of these one is enough. */
const VIETNAMESE_ALONE = new Set('gì hôm nhiêu sánh giúp cách không thì khác thích thế nào'.split(' '))
const ENGLISH_WORDS = new Set(
  (
    'a an the is are was were be been am do does did have has had will would can could should may might must what who ' +
    'whom whose which when where why how of in on at to for from with without by about into than and or if not i my you ' +
    'your he his she her it its we our they their this that these those me us there explain please tell write list ' +
    'describe define between define give show between translate summarize compare convert'
  ).split(' '),
)
const NOT_ENGLISH = /[^\p{ASCII}]/u

/**
 * English and Vietnamese, which the guard has lists for; every other, and what is too short to tell, is unknown. In
 * doubt unknown: a foreign text must not be read with English's list of small words.
 */
export function languageOf(tokens: readonly Token[]): Language {
  const words = tokens.filter(({ kind }) => kind === 'word').map(({ text }) => text)
  if (words.some((word) => VIETNAMESE.test(word) || VIETNAMESE_ALONE.has(word))) return 'vietnamese'
  const small = words.filter((word) => VIETNAMESE_WORDS.has(word)).length
  if (small > 1 && words.some((word) => NOT_ENGLISH.test(word))) return 'vietnamese'
  const english = words.filter((word) => ENGLISH_WORDS.has(word.replace(/'.*$/, ''))).length
  const foreign = words.filter((word) => NOT_ENGLISH.test(word)).length
  return english * 4 >= words.length && english > 0 && foreign * 3 <= words.length ? 'english' : 'unknown'
}
