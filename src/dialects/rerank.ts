import * as z from 'zod'
import { promptTokens, type Usage } from '../prices/usage.ts'
import type { PathFields } from './dialect.ts'
import { isFields } from './loose-json.ts'
import { refusedBody } from './openai.ts'

/** Cohere's rerank request, which Jina, Voyage and vLLM follow. */
export interface RerankRequest {
  readonly model: string
  readonly query: string
  readonly documents: readonly (string | Readonly<Record<string, unknown>>)[]
  readonly top_n?: number | null | undefined
  readonly return_documents?: boolean | null | undefined
  /** Of documents with fields: those that are read, in this order. */
  readonly rank_fields?: readonly string[] | null | undefined
  readonly user?: string | null | undefined
  readonly [field: string]: unknown
}

/** Documents by their places in the request, the best first. */
export interface Ranking {
  readonly id?: string
  readonly results: readonly { readonly index: number; readonly score: number }[]
  readonly usage?: Usage
}

/** Cohere takes no more in one request, and says so. */
const MOST_DOCUMENTS = 10_000

const count = z.int('must be a whole number above 0').positive('must be a whole number above 0')
const body = z.looseObject(
  {
    model: z.string('must be a string').min(1, 'must not be empty'),
    query: z.string('must be a string').min(1, 'must not be empty'),
    documents: z
      .array(
        z.union([z.string(), z.record(z.string(), z.unknown())], 'must be a text, or an object with a text'),
        'must be a list of documents',
      )
      .min(1, 'must not be empty')
      .max(MOST_DOCUMENTS, `has too many documents; the most is ${MOST_DOCUMENTS}`),
    top_n: count.nullish(),
    return_documents: z.boolean('must be true or false').nullish(),
    rank_fields: z.array(z.string(), 'must be a list of names').nullish(),
    user: z.string('must be a string').nullish(),
  },
  'The body must be a JSON object',
)

/** The body of `/v1/rerank` and `/v2/rerank`. Throws `invalid_request` naming the first field at fault. */
export function parseRerank(given: unknown, path: PathFields = {}): RerankRequest {
  const named = path.model === undefined || !isFields(given) ? given : { ...given, model: path.model }
  const result = body.safeParse(named)
  if (!result.success) throw refusedBody(result.error.issues)
  return result.data
}

/** Each document as the text that is read: its own, that of its `rank_fields`, else all of it. */
export function documentTexts({ documents, rank_fields }: RerankRequest): readonly string[] {
  return documents.map((document) => {
    if (typeof document === 'string') return document
    if (rank_fields && rank_fields.length > 0)
      return rank_fields.map((name) => `${name}: ${plain(document[name])}`).join('\n')
    return typeof document.text === 'string' ? document.text : JSON.stringify(document)
  })
}

const plain = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value ?? ''))

/** In Cohere's words, as LiteLLM answers: with the documents unless the request says no. */
export function printRanking({ id, results, usage }: Ranking, request: RerankRequest, ownId: string): object {
  const { documents, return_documents } = request
  const units = usage?.searchUnits
  const tokens = usage === undefined ? 0 : promptTokens(usage)
  return {
    id: id ?? ownId,
    results: results.map(({ index, score }) => ({
      index,
      relevance_score: score,
      ...(return_documents !== false && { document: shown(documents[index]) }),
    })),
    meta: {
      api_version: { version: '2' },
      billed_units: {
        ...(units !== undefined && { search_units: units }),
        ...(tokens > 0 && { total_tokens: tokens }),
      },
      ...(tokens > 0 && { tokens: { input_tokens: tokens } }),
    },
  }
}

const shown = (document: unknown) => (typeof document === 'string' ? { text: document } : document)
