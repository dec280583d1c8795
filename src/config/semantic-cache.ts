import type { Text } from './config.ts'

export type VectorStoreName = 'redis' | 'upstash-vector' | 'qdrant' | 'pinecone' | 'weaviate'

/** `cache_params` with a semantic `type`: like questions are found, beside equal ones. */
export interface SemanticCacheSettings {
  readonly store: VectorStoreName
  /** Where the vectors lie; Redis is the one of the gateway. */
  readonly url?: Text
  readonly apiKey?: Text
  readonly collection: string
  readonly quantization?: 'binary' | 'scalar' | 'product'
  /** The cosine from which on two questions are alike. */
  readonly threshold: number
  /** The model group that makes the vectors. */
  readonly embedder: string
  /** How long a request waits for the whole look-up, its embedding included. */
  readonly timeoutMs: number
  /** How many of the nearest are looked at. */
  readonly nearest: number
  /** Nothing is answered; what would have been is recorded. */
  readonly shadow: boolean
  /** Longer conversations and questions are not looked up. */
  readonly mostMessages: number
  readonly mostQuestionChars: number
}
