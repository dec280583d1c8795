import { type Fields, fields, isFields, present, text } from './loose-json.ts'

/** Where in the answer the cited words stand: [start, end). */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * A citation as an annotation: OpenAI's `url_citation` where there is an address, else the document it is from. The
 * vendor's own words stay beside it, so that Anthropic's clients get them back as they were.
 */
export function annotationOf(citation: Fields, { start, end }: Span): Fields {
  const url = text(citation.url) ?? addressIn(citation.source)
  const title = text(citation.title) ?? text(citation.document_title)
  const where = { start_index: start, end_index: end }
  if (url !== undefined) return { type: 'url_citation', url_citation: { url, title: title ?? url, ...where }, citation }
  return {
    type: 'file_citation',
    file_citation: {
      ...present({ file_id: text(citation.file_id), filename: title }),
      index: citation.document_index ?? citation.search_result_index ?? 0,
      ...where,
    },
    citation,
  }
}

/** An annotation as a citation: the one it was made of, else the nearest that Anthropic has for an address. */
export function citationOf(annotation: unknown): Fields | undefined {
  const { citation, url_citation } = fields(annotation)
  if (isFields(citation)) return citation
  const { url, title } = fields(url_citation)
  if (typeof url !== 'string') return undefined
  return {
    type: 'web_search_result_location',
    url,
    title: text(title) ?? null,
    encrypted_index: '',
    cited_text: '',
  }
}

function addressIn(source: unknown): string | undefined {
  return typeof source === 'string' && /^https?:\/\//i.test(source) ? source : undefined
}
