import { documentTexts, parseRerank, printRanking, type RerankRequest } from '../dialects/rerank.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { boundedBy } from './bound.ts'
import type { Operation } from './operation.ts'
import { taskOperation } from './task.ts'
import { utf8Bytes } from './text-size.ts'

/** Marks around a query and its document. */
const TOKENS_PER_PAIR = 16
/** Cohere bills a search for every hundred pieces of at most 500 tokens, the query included (cohere.com/pricing). */
const PIECES_PER_SEARCH = 100
const TOKENS_PER_PIECE = 500
/** A query takes no more than half of a piece: the rest of it is cut off. */
const LEAST_OF_PIECE = 250

/** Documents in the order of what they say to a question. */
export const rerank: Operation<RerankRequest> = taskOperation({
  name: 'rerank',
  callType: 'arerank',
  parse: parseRerank,
  taskOf: (vendor) => vendor.reranking,
  lacking: 'its vendor ranks no documents here',
  worstCase: (request, deployment) =>
    boundedBy(
      deployment,
      usageOf(request, 1),
      'input_cost_per_query or input_cost_per_token',
      ...[deployment.params, request],
    ),
  estimateUsage: (request) => usageOf(request, 3),
  print: (ranking, { request, id }) => JSON.stringify(printRanking(ranking, request, id)),
})

/** The query is read with every document. With one byte to a token it is the most that it can be. */
function usageOf(request: RerankRequest, bytesPerToken: number): Usage {
  const tokens = (text: string) => Math.ceil(utf8Bytes(text) / bytesPerToken)
  const query = tokens(request.query)
  const piece = Math.max(LEAST_OF_PIECE, TOKENS_PER_PIECE - query)
  let inputTokens = 0
  let pieces = 0
  for (const document of documentTexts(request)) {
    const size = tokens(document)
    inputTokens += size + query + TOKENS_PER_PAIR
    pieces += Math.max(1, Math.ceil(size / piece))
  }
  return { ...noUsage, inputTokens, searchUnits: Math.ceil(pieces / PIECES_PER_SEARCH) }
}
