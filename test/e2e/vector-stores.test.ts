import { describe, expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

const STORE_KEY = 'store-key-of-the-operator'
const asked: { path: string; body: Record<string, unknown> }[] = []

const vendor = await startVendor((path, body) => {
  asked.push({ path, body })
  if (path.endsWith('/embeddings')) {
    const input = body.input as string[]
    const data = input.map((text, index) => ({ object: 'embedding', index, embedding: [text.length, 1] }))
    return { body: { object: 'list', data, model: body.model, usage: { prompt_tokens: 1_000, total_tokens: 1_000 } } }
  }
  if (path.endsWith('/chat/completions')) {
    const message = { role: 'assistant', content: '30 days.' }
    const usage = { prompt_tokens: 50, completion_tokens: 5, total_tokens: 55 }
    return {
      body: {
        id: 'c',
        object: 'chat.completion',
        created: 1,
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage,
      },
    }
  }
  if (path === '/collections/handbook/points/query') {
    const payload = {
      text: 'Holidays are 30 days.',
      filename: 'handbook.md',
      file_id: 'file-1',
      year: 2024,
      tags: ['x'],
    }
    return { body: { result: { points: [{ id: 7, score: 0.91, payload }] } } }
  }
  if (path === '/v1/vector_stores/theirs/search')
    return {
      body: {
        object: 'vector_store.search_results.page',
        search_query: ['q'],
        data: [
          {
            file_id: 'f',
            filename: 'a.md',
            score: 0.8,
            attributes: { year: 2024 },
            content: [{ type: 'text', text: 'Sundays are free.' }],
          },
          {
            file_id: 'f',
            filename: 'a.md',
            score: 0.7,
            attributes: {},
            content: [{ type: 'text', text: 'So are nights.' }],
          },
        ],
        has_more: false,
        next_page: null,
      },
    }
  return { status: 500, body: { error: `no such thing, ${STORE_KEY}` } }
})

const config = configFile(`
model_list:
  - model_name: embedder
    litellm_params: { model: openai/text-embedding-3-small, api_key: os.environ/OPENAI_API_KEY, api_base: ${vendor}/v1 }
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: ${vendor}/v1 }
vector_store_registry:
  - vector_store_name: the handbook
    litellm_params:
      { vector_store_id: handbook, custom_llm_provider: qdrant, api_base: ${vendor}, api_key: os.environ/STORE_KEY, litellm_embedding_model: embedder }
  - litellm_params:
      { vector_store_id: broken, custom_llm_provider: pinecone, api_base: ${vendor}, api_key: os.environ/STORE_KEY, litellm_embedding_model: embedder }
  - litellm_params:
      { vector_store_id: pg, custom_llm_provider: pg_vector, collection: theirs, api_base: ${vendor}/v1, api_key: os.environ/STORE_KEY }
  - litellm_params:
      { vector_store_id: gone, custom_llm_provider: openai, api_base: ${vendor}/v1, api_key: os.environ/STORE_KEY }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`)

describe('vector stores', () => {
  const gateway = useGateway({ configFile: config, vars: { STORE_KEY } })
  const rowsOf = (token: string, count: number) =>
    eventually(
      async () =>
        (await gateway().db.query('select call_type, cost_nano, request_id from spend_log where api_key = $1', [token]))
          .rows as Record<string, unknown>[],
      (found) => found.length >= count,
      15_000,
    )
  const search = (key: string, id: string, body: object) =>
    fetch(`${gateway().url()}/v1/vector_stores/${id}/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  it('are searched by OpenAI’s SDK, and the vectors of the questions are charged', async () => {
    const { key, token } = await gateway().key({ max_budget: 1, models: ['no-default-models'] })
    const page = await gateway()
      .openai(key)
      .vectorStores.search('handbook', {
        query: ['holidays', 'days off'],
        max_num_results: 3,
        filters: { type: 'eq', key: 'year', value: 2024 },
        ranking_options: { score_threshold: 0.5 },
      })
    expect(page.data).toEqual([
      {
        file_id: 'file-1',
        filename: 'handbook.md',
        score: 0.91,
        attributes: { year: 2024 },
        content: [{ type: 'text', text: 'Holidays are 30 days.' }],
      },
    ])
    const queries = asked.filter(({ path }) => path.includes('/points/query'))
    expect(queries).toMatchObject([
      { body: { query: [8, 1], limit: 3, score_threshold: 0.5 } },
      { body: { query: [8, 1], limit: 3 } },
    ])
    // A thousand tokens at 0.02 dollars a million.
    expect(await rowsOf(token, 1)).toMatchObject([{ call_type: 'aembedding', cost_nano: '20000' }])
  })

  it('are those that both the key and its team allow', async () => {
    const team = await gateway().admin<{ team_id: string }>('POST', '/team/new', {
      object_permission: { vector_stores: ['handbook', 'pg'] },
    })
    const { key } = await gateway().key({
      team_id: team.team_id,
      object_permission: { vector_stores: ['handbook', 'broken'] },
    })
    expect((await search(key, 'handbook', { query: 'q' })).status).toBe(200)
    const denied = async (id: string) => {
      const response = await search(key, id, { query: 'q' })
      return [response.status, ((await response.json()) as { error: { type: string } }).error.type]
    }
    expect(await denied('broken')).toEqual([401, 'team_vector_store_access_denied'])
    expect(await denied('pg')).toEqual([401, 'key_vector_store_access_denied'])
    expect((await search(key, 'nobody', { query: 'q' })).status).toBe(404)
    const list = await fetch(`${gateway().url()}/vector_store/list`, { headers: { authorization: `Bearer ${key}` } })
    expect(await list.json()).toMatchObject({
      data: [{ vector_store_id: 'handbook', custom_llm_provider: 'qdrant', vector_store_name: 'the handbook' }],
      total_count: 1,
    })
    const info = await gateway().admin<{ info: object }>('GET', `/key/info?key=${key}`)
    expect(info.info).toMatchObject({ object_permission: { vector_stores: ['handbook', 'broken'] } })
    await gateway().admin('POST', '/key/update', { key, object_permission: { vector_stores: [] } })
    await eventually(
      () => search(key, 'pg', { query: 'q' }),
      ({ status }) => status === 200,
      15_000,
    )
  })

  it('that speak as OpenAI does are asked with the question itself, and nobody’s key', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const response = await search(key, 'pg', { query: 'q', max_num_results: 2, user: 'me' })
    expect(await response.json()).toMatchObject({ object: 'vector_store.search_results.page' })
    const last = asked.at(-1)
    expect(last).toMatchObject({ path: '/v1/vector_stores/theirs/search', body: { query: 'q', max_num_results: 2 } })
    expect(last?.body).not.toHaveProperty('user')
    expect(await rowsOf(token, 1)).toMatchObject([{ cost_nano: '0' }])
  })

  it('are looked up for a chat that names them, by those who may', async () => {
    const { key, token } = await gateway().key({ max_budget: 1, object_permission: { vector_stores: ['handbook'] } })
    const question = { role: 'user', content: 'How many holidays?' }
    const chat = (more: object) =>
      fetch(`${gateway().url()}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'small',
          messages: [{ role: 'system', content: 'Be brief.' }, question],
          ...more,
        }),
      })
    const lookUp = { type: 'file_search', vector_store_ids: ['handbook'], max_num_results: 2 }
    const own = { type: 'function', function: { name: 'f', parameters: {} } }
    const context = { role: 'user', content: 'Context:\n\nHolidays are 30 days.\n\n' }
    for (const more of [{ vector_store_ids: ['handbook'] }, { tools: [lookUp, own] }]) {
      const response = await chat(more)
      expect(await response.json()).toMatchObject({ choices: [{ message: { content: '30 days.' } }] })
      const body = asked.at(-1)?.body ?? {}
      expect(body.messages).toEqual([{ role: 'system', content: 'Be brief.' }, context, question])
      expect(body).not.toHaveProperty('vector_store_ids')
      expect(body.tools).toEqual('tools' in more ? [own] : undefined)
    }
    const rows = await rowsOf(token, 4)
    expect(rows.map(({ call_type }) => call_type).sort()).toEqual([
      'acompletion',
      'acompletion',
      'aembedding',
      'aembedding',
    ])
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(2)
    const before = asked.length
    expect((await chat({ vector_store_ids: ['broken'] })).status).toBe(401)
    expect((await chat({ vector_store_ids: ['nobody'] })).status).toBe(404)
    expect((await chat({ vector_store_ids: 'handbook' })).status).toBe(400)
    expect(asked).toHaveLength(before)
  })

  it('that speak as OpenAI does are asked for a chat too, as a row of its request', async () => {
    const { key, token } = await gateway().key({ max_budget: 1, object_permission: { vector_stores: ['pg'] } })
    const question = { role: 'user', content: 'When am I free?' }
    const filters = { type: 'eq', key: 'year', value: 2024 }
    const lookUp = {
      ...{ type: 'file_search', vector_store_ids: ['pg'], max_num_results: 2 },
      ...{ filters, ranking_options: { score_threshold: 0.5 } },
    }
    const chat = (more: object) =>
      fetch(`${gateway().url()}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'small', messages: [question], ...more }),
      })
    const response = await chat({ tools: [lookUp] })
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: '30 days.' } }] })
    const [search, chatted] = asked.slice(-2)
    expect(search).toEqual({
      path: '/v1/vector_stores/theirs/search',
      body: { query: 'When am I free?', max_num_results: 2, filters, ranking_options: { score_threshold: 0.5 } },
    })
    expect(chatted?.body.messages).toEqual([
      { role: 'user', content: 'Context:\n\nSundays are free.\n\nSo are nights.\n\n' },
      question,
    ])
    const rows = await rowsOf(token, 2)
    expect(rows.map(({ call_type }) => call_type).sort()).toEqual(['acompletion', 'pass_through_endpoint'])
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(1)
    const before = asked.length
    expect((await chat({ vector_store_ids: ['gone'] })).status).toBe(401)
    expect(asked).toHaveLength(before)
    const failed = await fetch(`${gateway().url()}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'small', messages: [question], vector_store_ids: ['gone'] }),
    })
    expect(failed.status).toBe(502)
    expect(await failed.text()).not.toContain(STORE_KEY)
    expect(asked).toHaveLength(before + 1)
  })

  it('refuse what they cannot do, what costs too much, and show nothing of a store that fails', async () => {
    for (const body of [
      {},
      { query: '' },
      { query: 'q', max_num_results: 51 },
      { query: 'q', rewrite_query: true },
      { query: 'q', filters: { type: 'like', key: 'a', value: 'b' } },
    ])
      expect((await search(MASTER_KEY, 'handbook', body)).status).toBe(400)
    const failed = await search(MASTER_KEY, 'broken', { query: 'q' })
    expect(failed.status).toBe(502)
    expect(await failed.text()).not.toContain(STORE_KEY)
    const { key } = await gateway().key({ max_budget: 0 })
    const before = asked.length
    expect((await search(key, 'handbook', { query: 'q' })).status).toBe(429)
    expect(asked).toHaveLength(before)
  })
})
