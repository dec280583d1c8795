import type { Text } from './config.ts'

export const vectorProviders = ['qdrant', 'pinecone', 'weaviate', 'upstash_vector', 'pg_vector', 'openai'] as const
export type VectorProvider = (typeof vectorProviders)[number]

/** A row of `vector_store_registry`: a collection that somebody else fills, searched under a name of ours. */
export interface VectorStoreSettings {
  readonly id: string
  readonly name?: string
  readonly description?: string
  readonly provider: VectorProvider
  readonly apiBase: Text
  readonly apiKey?: Text
  /** The group that makes a question's vector; absent where the store makes it itself. */
  readonly embedder?: string
  /** What the store calls it, where that is not the id. */
  readonly collection: string
  readonly namespace?: string
  /** Of Qdrant's points that have several. */
  readonly vectorName?: string
  /** Under which fields the passage, its file and the file's name lie. */
  readonly textField: string
  readonly fileIdField: string
  readonly filenameField: string
  /** What else Weaviate is to tell, which tells only what it is asked for. */
  readonly attributes: readonly string[]
}

export function vectorStoreTexts(stores: readonly VectorStoreSettings[] = []): readonly Text[] {
  return stores.flatMap(({ apiBase, apiKey }) => (apiKey === undefined ? [apiBase] : [apiBase, apiKey]))
}
