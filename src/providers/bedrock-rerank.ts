import { fields, number, place, present } from '../dialects/loose-json.ts'
import { documentTexts, type Ranking, type RerankRequest } from '../dialects/rerank.ts'
import { bedrockAgentRequest } from './bedrock-address.ts'
import { bedrockModel } from './bedrock-models.ts'
import { rankedBy } from './ranking.ts'
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
  read: ([answer], request) => ({
    results: rankedBy(
      fields(answer).results,
      ({ index, relevanceScore }) => ({ index: place(index), score: number(relevanceScore) }),
      request.documents.length,
    ),
  }),
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}
