import { describe, expect, it } from 'vitest'
import { requiredVariables } from '../../../src/config/read.ts'
import { build } from './world.ts'

const MODEL = `model_list: [{ model_name: embedder, litellm_params: { model: openai/text-embedding-3-small, api_key: os.environ/K } }]`
const from = (params: string, more = '') =>
  build(`${MODEL}\nvector_store_registry:\n  - vector_store_name: Books\n    litellm_params: { ${params} }${more}`)
const GOOD =
  'vector_store_id: books, custom_llm_provider: qdrant, api_base: https://q.test, api_key: os.environ/QDRANT_KEY, litellm_embedding_model: embedder'

describe('vector_store_registry', () => {
  it('is read as stores, with the fields that passages usually lie in', () => {
    const { config, notices } = from(GOOD)
    expect(notices.filter(({ level }) => level === 'error')).toEqual([])
    expect(config.vectorStores).toEqual([
      {
        ...{ id: 'books', name: 'Books', provider: 'qdrant', apiBase: 'https://q.test', collection: 'books' },
        ...{ apiKey: { env: 'QDRANT_KEY' }, embedder: 'embedder', attributes: [] },
        ...{ textField: 'text', fileIdField: 'file_id', filenameField: 'filename' },
      },
    ])
    expect([...requiredVariables(config).keys()]).toContain('QDRANT_KEY')
  })

  it('needs no embedder where the store makes vectors itself', () => {
    const { config } = from(
      'vector_store_id: pg, custom_llm_provider: pg_vector, api_base: http://pg.test/v1, collection: c',
    )
    expect(config.vectorStores).toMatchObject([{ provider: 'pg_vector', collection: 'c' }])
    expect(config.vectorStores?.[0]).not.toHaveProperty('embedder')
    expect(from('vector_store_id: v, custom_llm_provider: openai').config.vectorStores).toMatchObject([
      { apiBase: 'https://api.openai.com/v1' },
    ])
  })

  it.each([
    ['vector_store_id', GOOD.replace('books', '"a/b"')],
    ['custom_llm_provider', GOOD.replace('qdrant', 'bedrock')],
    ['api_base', GOOD.replace('api_base: https://q.test, ', '')],
    ['litellm_embedding_model', GOOD.replace(', litellm_embedding_model: embedder', '')],
    ['litellm_embedding_model', GOOD.replace('embedder', 'nobody')],
    ['text_field', `${GOOD}, attribute_fields: ["a}{"]`],
  ])('says what is wrong with %s, and leaves the row out', (field, params) => {
    const { config, notices } = from(params)
    expect(config.vectorStores).toBeUndefined()
    const errors = notices.filter(({ level }) => level === 'error')
    expect(errors.map(({ path }) => path)).toEqual([`vector_store_registry[0].litellm_params.${field}`])
  })

  it('has each store once, and no secret of its own', () => {
    const twice = from(GOOD, `\n  - litellm_params: { ${GOOD.replace('os.environ/QDRANT_KEY', 'sk-written-down')} }`)
    expect(twice.notices.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['vector_store_registry', 'vector_store_registry[1].litellm_params.api_key']),
    )
  })
})
