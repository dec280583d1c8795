import { annotationOf } from '../dialects/anthropic-citations.ts'
import type { ChatRequest, FinishReason } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, present, text } from '../dialects/loose-json.ts'
import { ANSWER_TOOL } from './anthropic-schema.ts'

const FINISHES: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
}

const LOCATIONS = [
  { name: 'documentChar', type: 'char_location', from: 'start_char_index', to: 'end_char_index' },
  { name: 'documentPage', type: 'page_location', from: 'start_page_number', to: 'end_page_number' },
  { name: 'documentChunk', type: 'content_block_location', from: 'start_block_index', to: 'end_block_index' },
  { name: 'searchResultLocation', type: 'search_result_location', from: 'start_block_index', to: 'end_block_index' },
] as const

export const MALFORMED = 'The model wrote an answer that its provider could not read. Ask again.'

export function finishOf(reason: string, called: boolean, answered: boolean): FinishReason {
  const finish = FINISHES[reason] ?? 'stop'
  if (finish === 'stop') return called ? 'tool_calls' : 'stop'
  return finish === 'tool_calls' && answered && !called ? 'stop' : finish
}

export function isMalformed(reason: string): boolean {
  return reason === 'malformed_model_output' || reason === 'malformed_tool_use'
}

/** A caller may have a tool of that name, and then it is the caller's. */
export function hasAnswerTool({ tools }: ChatRequest): boolean {
  return !list(tools).some((tool) => fields(fields(tool).function).name === ANSWER_TOOL)
}

export function stopSequenceIn({ additionalModelResponseFields }: Fields): string | undefined {
  const said = fields(additionalModelResponseFields)
  return text(said.stop_sequence) ?? text(said['/stop_sequence'])
}

/** What a guardrail or a prompt router did, and the model's own fields. */
export function asideOf({ trace, additionalModelResponseFields }: Fields): Fields {
  const { stop_sequence: _, '/stop_sequence': __, ...others } = fields(additionalModelResponseFields)
  return {
    ...(isFields(trace) && Object.keys(trace).length > 0 && { trace }),
    ...(Object.keys(others).length > 0 && { additionalModelResponseFields: others }),
  }
}

/** Where a citation of Bedrock's points, in the words that canonical annotations are made of. */
export function annotation(citation: Fields, start: number, end: number): Fields {
  const said = list(citation.sourceContent).map((part) => text(fields(part).text) ?? '')
  const title = text(citation.title) ?? null
  const cited = { cited_text: said.join(''), ...present({ source: text(citation.source) }) }
  const location = fields(citation.location)
  const kind = LOCATIONS.find(({ name }) => isFields(location[name]))
  if (kind === undefined) {
    const { url } = fields(location.web)
    const page = { type: 'web_search_result_location', url: url ?? citation.source, title, encrypted_index: '' }
    return annotationOf({ ...page, ...cited }, { start, end })
  }
  const at = fields(location[kind.name])
  const index = at.documentIndex ?? at.searchResultIndex ?? 0
  const where = { [kind.from]: at.start ?? 0, [kind.to]: at.end ?? 0 }
  const named =
    kind.type === 'search_result_location'
      ? { search_result_index: index, title, ...where }
      : { document_index: index, document_title: title, ...where }
  return annotationOf({ type: kind.type, ...cited, ...named }, { start, end })
}

export function imageOf(format: string | undefined, bytes: string | undefined): Fields | undefined {
  if (bytes === undefined) return undefined
  return { type: 'image_url', image_url: { url: `data:image/${format ?? 'png'};base64,${bytes}` } }
}
