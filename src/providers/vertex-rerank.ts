import { fields, number, place, present } from '../dialects/loose-json.ts'
import { documentTexts, type Ranking, type RerankRequest } from '../dialects/rerank.ts'
import { GatewayError } from '../errors.ts'
import { geminiHeaders } from './gemini-address.ts'
import { rankedBy } from './ranking.ts'
import { taskBody } from './task-request.ts'
import type { Task } from './translator.ts'
import { vertexAuth } from './vertex-access.ts'

const HOME = 'https://discoveryengine.googleapis.com/v1'

/** Google's ranking API, where records are named by us (cloud.google.com, Vertex AI Search, "Rank documents"). */
export const vertexReranking: Task<RerankRequest, Ranking> = {
  ask(request, target) {
    const { top_n } = taskBody(request, target)
    const { project } = target.vertex ?? {}
    if (project === undefined)
      throw new GatewayError(
        'internal',
        'Nobody knows which Google Cloud project ranks: the operator must set vertex_project, or credentials that name one.',
      )
    const base = target.apiBase?.replace(/\/+$/, '') ?? HOME
    const records = documentTexts(request).map((content, at) => ({ id: String(at), content }))
    const body = { model: target.model, query: request.query, records, ...present({ topN: top_n }) }
    return [
      {
        url: `${base}/projects/${encodeURIComponent(project)}/locations/global/rankingConfigs/default_ranking_config:rank`,
        method: 'POST',
        headers: { ...geminiHeaders(target, vertexAuth(target)), 'x-goog-user-project': project },
        body: JSON.stringify({ ...body, ignoreRecordDetailsInResponse: true }),
      },
    ]
  },
  read: ([answer], request) => ({
    results: rankedBy(
      fields(answer).records,
      ({ id, score }) => ({ index: place(id), score: number(score) }),
      request.documents.length,
    ),
  }),
}
