import { fields, list, number, place, present } from '../dialects/loose-json.ts'
import { documentTexts, type Ranking, type RerankRequest } from '../dialects/rerank.ts'
import { GatewayError } from '../errors.ts'
import { bedrockAgentRequest } from './bedrock-address.ts'
import { bedrockModel } from './bedrock-models.ts'
import { taskBody } from './task-request.ts'
import type { Task } from './translator.ts'

/** Bedrock's Rerank, of Cohere's and Amazon's models. It says no usage: its searches are reckoned as they are billed. */
export const bedrockReranking: Task<RerankRequest, Ranking> = {
  ask(request, target) {
    const {
      query,
      top_n,
      documents: _,
      model: __,
      return_documents: ___,
      rank_fields: ____,
      ...own
    } = taskBody(request, target)
    const { id } = bedrockModel(target.model)
    const asked = bedrockAgentRequest(target, 'rerank', (region) => ({
      queries: [{ type: 'TEXT', textQuery: { text: query } }],
      sources: documentTexts(request).map((text) => ({
        type: 'INLINE',
        inlineDocumentSource: { type: 'TEXT', textDocument: { text } },
      })),
      rerankingConfiguration: {
        type: 'BEDROCK_RERANKING_MODEL',
        bedrockRerankingConfiguration: {
          ...present({ numberOfResults: top_n }),
          modelConfiguration: {
            modelArn: id.startsWith('arn:')
              ? id
              : `arn:${partitionOf(region)}:bedrock:${region}::foundation-model/${id}`,
            ...(Object.keys(own).length > 0 && { additionalModelRequestFields: own }),
          },
        },
      },
    }))
    return [asked]
  },
  read([answer], request) {
    const results = list(fields(answer).results).flatMap((one) => {
      const { index, relevanceScore } = fields(one)
      const at = place(index)
      const score = number(relevanceScore)
      return at === undefined || score === undefined || at >= request.documents.length ? [] : [{ index: at, score }]
    })
    if (results.length > 0) return { results }
    throw new GatewayError('upstream_failed', 'The provider answered with no ranking of these documents.')
  },
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}
