import { type EmbeddingRequest, parseEmbeddings, printEmbeddings } from '../dialects/embeddings.ts'
import { GatewayError } from '../errors.ts'
import { ruledBy } from '../providers/parameter-rules.ts'
import type { EmbeddingTranslator, Vendor } from '../providers/translator.ts'
import { counted } from './counted.ts'
import { estimateEmbeddingsUsage, worstCaseEmbeddings } from './embeddings.ts'
import type { Operation } from './operation.ts'
import { readable } from './task.ts'

/** Vectors of texts, in OpenAI's shape. */
export const embeddings: Operation<EmbeddingRequest> = {
  name: 'embeddings',
  callType: 'aembedding',
  parse: (body, path) => parseEmbeddings(body, path),
  unfit: ({ embedding }) => (embedding ? undefined : 'its vendor makes no embeddings here'),
  worstCase: worstCaseEmbeddings,
  needs: (request) => ({ inputTokens: estimateEmbeddingsUsage(request).inputTokens, capabilities: [] }),
  estimateUsage: estimateEmbeddingsUsage,
  streams: () => false,
  upstreams(asking) {
    const { request, target } = ruledBy(asking.request, asking.target)
    return translatorOf(asking.provider).embed(request, target)
  },
  told({ provider, request, deployment }, answers) {
    return readable(deployment.group, () => {
      const made = translatorOf(provider).embeddings(
        answers.map(({ json }) => json),
        request,
      )
      const used = counted(made.usage, estimateEmbeddingsUsage(request), deployment.price)
      const printed = printEmbeddings({ ...made, usage: used.usage }, { ...request, model: deployment.group })
      return { ...used, body: JSON.stringify(printed) }
    })
  },
}

function translatorOf({ embedding }: Vendor): EmbeddingTranslator {
  if (embedding) return embedding
  throw new GatewayError('not_implemented', 'This vendor makes no embeddings here. Use another model.', {
    param: 'model',
  })
}
