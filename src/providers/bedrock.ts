import { bedrockRequest } from './bedrock-address.ts'
import { converseCompletion } from './bedrock-answer.ts'
import { bedrockEmbedding } from './bedrock-embeddings.ts'
import { bedrockFailure } from './bedrock-failure.ts'
import { bedrockImages } from './bedrock-images.ts'
import { converseReader } from './bedrock-reader.ts'
import { converseBody } from './bedrock-request.ts'
import { bedrockReranking } from './bedrock-rerank.ts'
import { bedrockUsage } from './bedrock-usage.ts'
import type { Target, UpstreamRequest } from './provider.ts'
import type { Vendor } from './translator.ts'

/** Amazon Bedrock by Converse and ConverseStream, asked with an API key or with AWS credentials. */
export const bedrock = {
  framing: 'aws-event-stream',
  inlinesMedia: true,
  defaults: { apiKeyEnv: 'AWS_BEARER_TOKEN_BEDROCK' },
  chat: (request, target) => asked(converseBody(request, target), request.stream === true, target),
  completion: converseCompletion,
  reader: converseReader,
  forward: asked,
  usage: bedrockUsage,
  failure: bedrockFailure,
  embedding: bedrockEmbedding,
  images: { generations: bedrockImages },
  reranking: bedrockReranking,
} satisfies Vendor

function asked(body: Readonly<Record<string, unknown>>, stream: boolean, target: Target): UpstreamRequest {
  return bedrockRequest(target, stream ? 'converse-stream' : 'converse', body)
}
