import { type Fields, fields, list, number, place, text } from '../dialects/loose-json.ts'
import { documentTexts, type Ranking, type RerankRequest } from '../dialects/rerank.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import type { Provider, Target } from './provider.ts'
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

/** Voyage calls the results `data`. An answer that names a document which nobody sent is a failure. */
function readRanking(answer: Fields, documents: number): Ranking {
  const results = list(answer.results ?? answer.data).map((one) => {
    const { index, relevance_score, score } = fields(one)
    return { index: place(index), score: number(relevance_score) ?? number(score) }
  })
  const known = results.flatMap(({ index, score }) =>
    index === undefined || score === undefined || index >= documents ? [] : [{ index, score }],
  )
  if (results.length === 0 || known.length < results.length)
    throw new GatewayError('upstream_failed', 'The provider answered with no ranking of these documents.')
  const id = text(answer.id)
  const usage = usageOf(answer)
  return { results: known, ...(id !== undefined && { id }), ...(usage && { usage }) }
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
