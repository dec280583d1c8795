import { type Fields, fields, isFields, list, number, present, text } from '../dialects/loose-json.ts'

/** The texts of an answer's parts, as far as they are known; a part that is no visible text has an empty one. */
export type PartTexts = readonly string[]

/**
 * Google's sources as OpenAI's `url_citation`s. Google counts bytes within a part, OpenAI characters within the whole; a
 * source that supports no particular words is cited without a place.
 */
export function annotationsOf(candidate: Fields, texts: PartTexts): Fields[] {
  const grounding = fields(candidate.groundingMetadata)
  const sources = list(grounding.groundingChunks).map(sourceOf)
  const used = new Set<number>()
  const supported = list(grounding.groundingSupports)
    .filter(isFields)
    .flatMap(({ segment, groundingChunkIndices }) =>
      list(groundingChunkIndices).flatMap((index) => {
        const source = typeof index === 'number' ? sources[index] : undefined
        if (source === undefined || typeof index !== 'number') return []
        used.add(index)
        return [citation(source, placeOf(fields(segment), texts))]
      }),
    )
  const others = sources.flatMap((source, index) => (source && !used.has(index) ? [citation(source)] : []))
  const { citationSources, citations } = fields(candidate.citationMetadata)
  const quoted = list(citationSources ?? citations)
    .filter(isFields)
    .flatMap((one) => {
      const url = text(one.uri)
      return url === undefined ? [] : [citation({ url, ...present({ title: text(one.title) }) }, placeOf(one, texts))]
    })
  return [...supported, ...others, ...quoted]
}

interface Source {
  readonly url: string
  readonly title?: string
}

function sourceOf(chunk: unknown): Source | undefined {
  const { web, retrievedContext, maps, image } = fields(chunk)
  const found = [web, retrievedContext, maps, image].find(isFields)
  const url = text(found?.uri) ?? text(found?.sourceUri)
  return url === undefined ? undefined : { url, ...present({ title: text(found?.title) }) }
}

interface Place {
  readonly start_index: number
  readonly end_index: number
}

function citation(source: Source, place?: Place): Fields {
  return { type: 'url_citation', url_citation: { ...source, ...place } }
}

/** A place without an end is no place: it belongs to the answer as a whole. */
function placeOf({ partIndex, startIndex, endIndex }: Fields, texts: PartTexts): Place | undefined {
  const end = number(endIndex)
  if (end === undefined) return undefined
  const named = number(partIndex) ?? 0
  const part = named < texts.length ? named : 0
  const before = texts.slice(0, part).reduce((sum, words) => sum + words.length, 0)
  const words = texts.slice(part).join('')
  return { start_index: before + charsIn(words, number(startIndex) ?? 0), end_index: before + charsIn(words, end) }
}

/** How many characters the first so many bytes of UTF-8 are. */
function charsIn(words: string, bytes: number): number {
  let seen = 0
  let at = 0
  for (const char of words) {
    if (seen >= bytes) break
    const code = char.codePointAt(0) ?? 0
    seen += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    at += char.length
  }
  return at
}
