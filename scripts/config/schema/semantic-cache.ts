import * as z from 'zod'
import { flag, oneOf, text } from '../../../src/models/row/kinds.ts'

const aboveZero = z.int('a whole number above zero').positive('a whole number above zero')

/** What `cache_params` says where its `type` is one of `semanticTypes`. */
export const semanticParams = {
  similarity_threshold: z.number('a number from 0 to 1').min(0, 'a number from 0 to 1').max(1, 'a number from 0 to 1'),
  redis_semantic_cache_embedding_model: text,
  redis_semantic_cache_index_name: text,
  qdrant_semantic_cache_embedding_model: text,
  qdrant_api_base: text,
  qdrant_api_key: text,
  qdrant_collection_name: text,
  qdrant_quantization_config: oneOf(['binary', 'scalar', 'product']),
  semantic_embedding_model: text,
  semantic_timeout_ms: aboveZero,
  semantic_shadow: flag,
  semantic_nearest: aboveZero,
  semantic_max_messages: aboveZero,
  semantic_max_question_chars: aboveZero,
  vector_api_base: text,
  vector_api_key: text,
  vector_collection_name: text,
}

export const semanticTypes = [
  'redis-semantic',
  'qdrant-semantic',
  'upstash-vector-semantic',
  'pinecone-semantic',
  'weaviate-semantic',
] as const
