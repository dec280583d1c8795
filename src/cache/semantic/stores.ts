import type { SemanticCacheSettings } from '../../config/semantic-cache.ts'
import { weaviateClass } from '../../vectors/weaviate.ts'
import { memoryVectors } from './memory.ts'
import { pineconeVectors } from './pinecone.ts'
import type { VectorStore } from './port.ts'
import { qdrantVectors } from './qdrant.ts'
import { upstashRedisVectors } from './upstash-redis.ts'
import { upstashVectors } from './upstash-vector.ts'
import { weaviateVectors } from './weaviate.ts'

export interface Access {
  readonly fetch: typeof fetch
  /** The gateway's own Redis, where it has one. */
  readonly redis: { readonly url: string; readonly token: string } | undefined
  /** Of the store that is named in the settings, read from the environment. */
  readonly url: string | undefined
  readonly apiKey: string | undefined
}

/** The store that the settings name; in this isolate's memory where its address is not known. */
export function vectorStore(
  { store, collection, quantization }: Pick<SemanticCacheSettings, 'store' | 'collection' | 'quantization'>,
  { fetch, redis, url, apiKey }: Access,
): VectorStore {
  if (store === 'redis') return redis ? upstashRedisVectors({ ...redis, fetch }) : memoryVectors()
  if (url === undefined) return memoryVectors()
  const key = apiKey === undefined ? {} : { apiKey }
  if (store === 'qdrant')
    return qdrantVectors({ url, ...key, collection, fetch, ...(quantization && { quantization }) })
  if (store === 'weaviate') return weaviateVectors({ url, ...key, className: weaviateClass(collection), fetch })
  if (store === 'pinecone') return pineconeVectors({ url, apiKey: apiKey ?? '', fetch })
  return upstashVectors({ url, token: apiKey ?? '', fetch })
}
