import { fields, number, place, present } from '../dialects/loose-json.ts'
import { documentTexts, type Ranking, type RerankRequest } from '../dialects/rerank.ts'
import { GatewayError } from '../errors.ts'
import { headersFor } from './openai-compatible.ts'
import type { Target } from './provider.ts'
import { rankedBy } from './ranking.ts'
import { posted, type Reach, taskBody } from './task-request.ts'
import type { Task } from './translator.ts'

/** Everything that Workers AI has no OpenAI endpoint for is run by the model's name (developers.cloudflare.com/workers-ai). */
export const run: Reach = { url: runUrl, headers: headersFor }

function runUrl({ apiBase, model }: Target): string {
  const base = apiBase?.replace(/\/+$/, '').replace(/\/ai\/(?:v1|run)$/, '')
  if (base === undefined)
    throw new GatewayError(
      'internal',
      'Nobody knows which account of Cloudflare to ask: the operator must set api_base or CLOUDFLARE_API_BASE.',
    )
  return `${base}/ai/run/${model}`
}

export const cloudflareReranking: Task<RerankRequest, Ranking> = {
  ask(request, target) {
    const { top_n } = taskBody(request, target)
    const contexts = documentTexts(request).map((text) => ({ text }))
    return [posted(run, target, { query: request.query, contexts, ...present({ top_k: top_n }) })]
  },
  read: ([answer], request) => ({
    results: rankedBy(
      fields(fields(answer).result).response,
      ({ id, score }) => ({ index: place(id), score: number(score) }),
      request.documents.length,
    ),
  }),
}
