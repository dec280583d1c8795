import type * as z from 'zod'
import type { Notice } from '../../src/config/config.ts'
import type { SemanticCacheSettings, VectorStoreName } from '../../src/config/semantic-cache.ts'
import { given } from '../../src/models/row/given.ts'
import { textOf } from '../../src/models/row/text.ts'
import { type semanticParams, semanticTypes } from './schema/semantic-cache.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void
type Params = { readonly type?: string | undefined } & {
  readonly [Name in keyof typeof semanticParams]?: z.infer<(typeof semanticParams)[Name]> | undefined
}

const STORES: Readonly<Record<(typeof semanticTypes)[number], VectorStoreName>> = {
  'redis-semantic': 'redis',
  'qdrant-semantic': 'qdrant',
  'upstash-vector-semantic': 'upstash-vector',
  'pinecone-semantic': 'pinecone',
  'weaviate-semantic': 'weaviate',
}
const DEFAULT_THRESHOLD = 0.92
const DEFAULT_TIMEOUT_MS = 300
const DEFAULT_NEAREST = 5
/** A system prompt, an exchange or two, and the question: later questions hang on what was said before. */
const DEFAULT_MESSAGES = 6
const DEFAULT_QUESTION_CHARS = 2_000
/** LiteLLM's own for vectors. */
const DEFAULT_EMBEDDER = 'text-embedding-ada-002'

/** Undefined where only equal requests are found; `groups` are the model groups there are. */
export function semanticOf(params: Params, groups: readonly string[], note: Note): SemanticCacheSettings | undefined {
  const type = semanticTypes.find((name) => name === params.type)
  if (type === undefined) return undefined
  const path = ['litellm_settings', 'cache_params']
  const store = STORES[type]
  const embedder =
    params.semantic_embedding_model ??
    (store === 'qdrant' ? params.qdrant_semantic_cache_embedding_model : params.redis_semantic_cache_embedding_model) ??
    DEFAULT_EMBEDDER
  if (!groups.includes(embedder)) {
    note('notice', path, `no model '${embedder}' in model_list makes vectors, so only equal requests are found; add it`)
    return undefined
  }
  const url = params.vector_api_base ?? params.qdrant_api_base
  if (store !== 'redis' && url === undefined) {
    note('warning', path, `${type} needs vector_api_base, so only equal requests are found`)
    return undefined
  }
  const apiKey = params.vector_api_key ?? params.qdrant_api_key
  const collection = params.vector_collection_name ?? params.qdrant_collection_name
  return {
    store,
    ...given('url', url === undefined ? undefined : textOf(url)),
    ...given('apiKey', apiKey === undefined ? undefined : textOf(apiKey)),
    collection: collection ?? params.redis_semantic_cache_index_name ?? 'tollgate',
    ...given('quantization', params.qdrant_quantization_config),
    threshold: params.similarity_threshold ?? DEFAULT_THRESHOLD,
    embedder,
    timeoutMs: params.semantic_timeout_ms ?? DEFAULT_TIMEOUT_MS,
    nearest: params.semantic_nearest ?? DEFAULT_NEAREST,
    shadow: params.semantic_shadow ?? false,
    mostMessages: params.semantic_max_messages ?? DEFAULT_MESSAGES,
    mostQuestionChars: params.semantic_max_question_chars ?? DEFAULT_QUESTION_CHARS,
  }
}
