import type { EmbeddingRequest } from '../dialects/embeddings.ts'
import { type Fields, fields, isFields, list, number, present } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { bedrockRequest } from './bedrock-address.ts'
import { bedrockModel } from './bedrock-models.ts'
import { embeddingParams, gathered, inBatches, textsOf } from './embedding-texts.ts'
import type { EmbeddingTranslator } from './translator.ts'
import { unsupported } from './unsupported.ts'

/** Cohere takes 96 texts at once, Titan and Nova one. */
const MOST_OF_COHERE = 96
const NOVA_SCHEMA = 'nova-multimodal-embed-v1'

/** InvokeModel for models that make vectors: Titan, Cohere and Nova, each in words of its own. */
export const bedrockEmbedding: EmbeddingTranslator = {
  embed(request, target) {
    const { id } = bedrockModel(target.model)
    const given = embeddingParams(request, target)
    const invoke = (body: Fields) => bedrockRequest(target, 'invoke', body)
    if (/cohere\.embed/.test(id)) {
      const body = cohereBody(id, given, (field) => unsupported([field], target))
      return inBatches(textsOf(request), MOST_OF_COHERE, (texts) => invoke({ texts, ...body }))
    }
    if (/amazon\.titan-embed/.test(id)) {
      const body = titanBody(id, given, (field) => unsupported([field], target))
      return inBatches(textsOf(request), 1, ([inputText = '']) => invoke({ inputText, ...body }))
    }
    if (/amazon\.nova.*embed/.test(id))
      return inBatches(textsOf(request), 1, ([value = '']) => invoke(novaBody(value, given)))
    throw new GatewayError(
      'invalid_request',
      `Nobody here knows how ${id} is asked for embeddings on Bedrock. Titan, Cohere and Nova models make them.`,
      { param: 'model' },
    )
  },
  embeddings: (answers, request: EmbeddingRequest) =>
    gathered(request, request.model, answers.flatMap(vectorsOf), answers.map(countOf)),
}

type Refuse = (field: string) => void

/** Version 4 has dimensions; every version wants to know what the texts are for. */
function cohereBody(id: string, given: Fields, refuse: Refuse): Fields {
  const later = /embed-v4/.test(id)
  if (!later && given.dimensions !== undefined) refuse('dimensions')
  return {
    input_type: given.input_type ?? 'search_document',
    ...present({ truncate: given.truncate }),
    ...(later && present({ output_dimension: given.dimensions, max_tokens: given.max_tokens })),
    ...(later && { embedding_types: ['float'] }),
  }
}

function titanBody(id: string, given: Fields, refuse: Refuse): Fields {
  const { dimensions, normalize } = given
  if (/titan-embed-image/.test(id))
    return dimensions === undefined ? {} : { embeddingConfig: { outputEmbeddingLength: dimensions } }
  if (/titan-embed-text-v2/.test(id)) return present({ dimensions, normalize })
  if (dimensions !== undefined) refuse('dimensions')
  return {}
}

function novaBody(value: string, given: Fields): Fields {
  return {
    schemaVersion: NOVA_SCHEMA,
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: {
      embeddingPurpose: given.embeddingPurpose ?? 'GENERIC_INDEX',
      ...present({ embeddingDimension: given.dimensions }),
      text: { truncationMode: given.truncationMode ?? 'NONE', value },
    },
  }
}

/** Titan says one, Cohere a list or a list by type, Nova a list with kinds. */
function vectorsOf(answer: unknown): readonly unknown[] {
  const { embedding, embeddings, embeddingsByType } = fields(answer)
  if (Array.isArray(embedding)) return [embedding]
  if (isFields(embeddings)) return list(embeddings.float)
  if (isFields(embeddingsByType)) return [embeddingsByType.float]
  return list(embeddings).map((one) => (isFields(one) ? one.embedding : one))
}

function countOf(answer: unknown): number | undefined {
  return number(fields(answer).inputTextTokenCount)
}
