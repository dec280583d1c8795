import type { Notice } from '../../src/config/config.ts'
import { type VectorStoreSettings, vectorProviders } from '../../src/config/vector-stores.ts'
import { given } from '../../src/models/row/given.ts'
import { textFrom, textOf } from '../../src/models/row/text.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void
type Row = Readonly<Record<string, unknown>>

/** Those that are asked with a question instead of a vector. */
const EMBED_THEMSELVES: readonly string[] = ['pg_vector', 'openai']
const DEFAULT_BASES: Readonly<Record<string, string>> = { openai: 'https://api.openai.com/v1' }
/** What goes into a query as it stands. */
const FIELD = /^[A-Za-z_][\w.-]{0,63}$/

/** `vector_store_registry`; what is wrong is said by its place, and the row is left out. */
export function vectorStoresOf(
  file: ConfigFile,
  groups: readonly string[],
  note: Note,
): readonly VectorStoreSettings[] | undefined {
  const stores = (file.vector_store_registry ?? []).flatMap((row, index) =>
    storeOf((row ?? {}) as Row, groups, index, note),
  )
  const twice = stores.find(({ id }, at) => stores.findIndex((one) => one.id === id) < at)
  if (twice) note('error', ['vector_store_registry'], `has ${twice.id} twice; each vector_store_id is one store`)
  return stores.length === 0 ? undefined : stores
}

function storeOf(row: Row, groups: readonly string[], index: number, note: Note): VectorStoreSettings[] {
  const at = ['vector_store_registry', index, 'litellm_params']
  const params = (row.litellm_params ?? {}) as Row
  const fault = (name: string, message: string) => {
    note('error', [...at, name], message)
    return []
  }
  const said = (name: string) => {
    const value = params[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const id = said('vector_store_id')
  if (id === undefined || !/^[\w.:-]{1,128}$/.test(id))
    return fault('vector_store_id', 'found no name, expected letters, digits, dots, colons, dashes and underscores')
  const provider = vectorProviders.find((one) => one === said('custom_llm_provider'))
  if (!provider) return fault('custom_llm_provider', `is none that is searched here: ${vectorProviders.join(', ')}`)
  const apiBase = said('api_base') ?? DEFAULT_BASES[provider]
  if (apiBase === undefined) return fault('api_base', `is missing: where ${provider} is`)
  const embedder = said('litellm_embedding_model')
  const embedsItself = EMBED_THEMSELVES.includes(provider)
  if (!embedsItself && embedder === undefined)
    return fault('litellm_embedding_model', 'is missing: which model_name makes the vectors of questions')
  if (embedder !== undefined && !groups.includes(embedder) && !groups.some((group) => group.includes('*')))
    return fault('litellm_embedding_model', `names ${embedder}, which is no model_name of model_list`)
  const fields = { textField: said('text_field') ?? 'text', fileIdField: said('file_id_field') ?? 'file_id' }
  const filenameField = said('filename_field') ?? 'filename'
  const { attribute_fields: listed } = params
  const attributes = Array.isArray(listed) ? listed.filter((one) => typeof one === 'string') : []
  const odd = [...Object.values(fields), filenameField, ...attributes].find((one) => !FIELD.test(one))
  if (odd !== undefined) return fault('text_field', `and its likes are names of fields, such as text; "${odd}" is none`)
  return [
    {
      ...{
        id,
        provider,
        apiBase: textOf(apiBase),
        collection: said('collection') ?? id,
        ...fields,
        filenameField,
        attributes,
      },
      ...given('name', said('vector_store_name') ?? textIn(row.vector_store_name)),
      ...given('description', said('vector_store_description')),
      ...given('apiKey', textFrom(said('api_key'))),
      ...given('embedder', embedsItself ? undefined : embedder),
      ...given('namespace', said('namespace')),
      ...given('vectorName', said('vector_name')),
    },
  ]
}

const textIn = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
