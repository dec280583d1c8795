import { type Fields, fields, number, place, text } from '../dialects/loose-json.ts'
import { documentTexts, type Ranking, type RerankRequest } from '../dialects/rerank.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import type { Provider, Target } from './provider.ts'
import { rankedBy } from './ranking.ts'
import { openaiReach, posted, taskBody } from './task-request.ts'
import type { Task } from './translator.ts'

/** How a vendor's rerank differs from Cohere's, which the others follow. */
export interface RerankAccent {
  /** Its name for the most results. */
  readonly most?: 'top_n' | 'top_k'
  /** Where it is, if not at `/rerank` below the vendor's address. */
  readonly url?: (target: Target) => string
  readonly headers?: (target: Target) => Record<string, string>
}

/** Documents go as texts and stay here: the answer names their places. */
export function rerankAt(
  defaults: Provider['defaults'],
  { most = 'top_n', ...address }: RerankAccent = {},
): Task<RerankRequest, Ranking> {
  const reach = { ...openaiReach(defaults, '/rerank'), ...address }
  return {
    ask(request, target) {
      const { top_n, return_documents: _, rank_fields: __, ...body } = taskBody(request, target)
      const { query } = request
      const sent = {
        ...body,
        query,
        documents: documentTexts(request),
        ...(typeof top_n === 'number' && { [most]: top_n }),
      }
      return [posted(reach, target, sent)]
    },
    read: ([answer], request) => readRanking(fields(answer), request.documents.length),
  }
}

/** Voyage calls the results `data`, and some servers the score `score`. */
function readRanking(answer: Fields, documents: number): Ranking {
  const results = rankedBy(
    answer.results ?? answer.data,
    ({ index, relevance_score, score }) => ({ index: place(index), score: number(relevance_score) ?? number(score) }),
    documents,
  )
  const id = text(answer.id)
  const usage = usageOf(answer)
  return { results, ...(id !== undefined && { id }), ...(usage && { usage }) }
}

/** Searches where the vendor bills those, else tokens. */
function usageOf({ meta, usage }: Fields): Usage | undefined {
  const { billed_units, tokens } = fields(meta)
  const searchUnits = number(fields(billed_units).search_units)
  if (searchUnits !== undefined) return { ...noUsage, searchUnits: Math.ceil(searchUnits) }
  const { total_tokens, prompt_tokens } = fields(usage)
  const read = number(total_tokens) ?? number(prompt_tokens) ?? number(fields(tokens).input_tokens)
  return read === undefined ? undefined : { ...noUsage, inputTokens: Math.ceil(read) }
}
