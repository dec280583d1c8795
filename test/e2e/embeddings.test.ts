import { describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

const vector = (at: number) => [0.5, at]
const vendor = await startVendor((path, { input, requests, instances, texts: cohere }) => {
  const texts = [input].flat()
  if (path.endsWith(':batchEmbedContents'))
    return { body: { embeddings: (requests as unknown[]).map((_, at) => ({ values: vector(at) })) } }
  if (path === '/api/embed') return { body: { embeddings: texts.map((_, at) => vector(at)), prompt_eval_count: 7 } }
  if (path.endsWith(':predict'))
    return {
      body: {
        predictions: (instances as unknown[]).map((_, at) => ({
          embeddings: { values: vector(at), statistics: { token_count: 3 } },
        })),
      },
    }
  if (path.endsWith('/invoke'))
    return {
      body: { response_type: 'embeddings_floats', embeddings: (cohere as unknown[]).map((_, at) => vector(at)) },
    }
  return {
    body: {
      object: 'list',
      model: 'text-embedding-3-small',
      data: texts.map((_, index) => ({ object: 'embedding', index, embedding: [0.5, index] })),
      usage: { prompt_tokens: 1000, total_tokens: 1000 },
    },
  }
})

describe('embeddings', () => {
  const gateway = useGateway({
    providers: false,
    configFile: configFile(`model_list:
  - model_name: vectors
    litellm_params: { model: openai/text-embedding-3-small, api_key: sk-vendor, api_base: '${vendor}/v1' }
    model_info: { mode: embedding }
  - model_name: gemini
    litellm_params: { model: gemini/gemini-embedding-001, api_key: sk-vendor, api_base: '${vendor}/v1beta' }
    model_info: { mode: embedding }
  - model_name: ollama
    litellm_params: { model: ollama/nomic-embed-text, api_base: '${vendor}' }
    model_info: { mode: embedding }
  - model_name: bedrock
    litellm_params:
      model: bedrock/cohere.embed-english-v3
      aws_region_name: eu-central-1
      aws_access_key_id: AKIDEXAMPLE
      aws_secret_access_key: sk-vendor
      aws_bedrock_runtime_endpoint: '${vendor}'
    model_info: { mode: embedding }
  - model_name: azure
    litellm_params: { model: azure/my-vectors, api_key: sk-vendor, api_base: '${vendor}', api_version: '2024-10-21' }
    model_info: { mode: embedding, base_model: azure/text-embedding-3-small }
  - model_name: tei
    litellm_params: { model: huggingface/tei, api_key: sk-vendor, api_base: '${vendor}' }
    model_info: { mode: embedding }
  - model_name: vllm
    litellm_params: { model: hosted_vllm/BAAI/bge-m3, api_key: sk-vendor, api_base: '${vendor}/v1' }
    model_info: { mode: embedding }
  - model_name: mistral
    litellm_params: { model: mistral/mistral-embed, api_key: sk-vendor, api_base: '${vendor}/v1' }
    model_info: { mode: embedding }
  - model_name: vertex
    litellm_params:
      model: vertex_ai/text-embedding-005
      api_key: sk-vendor
      api_base: '${vendor}'
      vertex_project: project-1
      vertex_location: europe-west1
    model_info: { mode: embedding }
  - model_name: together
    litellm_params: { model: together_ai/BAAI/bge-base-en-v1.5, api_key: sk-vendor, api_base: '${vendor}/v1' }
    model_info: { mode: embedding }
  - model_name: fireworks
    litellm_params: { model: fireworks_ai/nomic-ai/nomic-embed-text-v1.5, api_key: sk-vendor, api_base: '${vendor}/v1' }
    model_info: { mode: embedding }
  - model_name: openrouter
    litellm_params: { model: openrouter/openai/text-embedding-3-small, api_key: sk-vendor, api_base: '${vendor}/v1' }
    model_info: { mode: embedding }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
litellm_settings:
  cache_params: { type: redis }
`),
  })

  it("come by OpenAI's SDK, in the encoding it asks for, and are paid for", async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const answer = await gateway()
      .openai(key)
      .embeddings.create({ model: 'vectors', input: ['one', 'two'] })
    expect(answer.data.map(({ embedding }) => [...embedding])).toEqual([
      [0.5, 0],
      [0.5, 1],
    ])
    expect(answer.usage).toEqual({ prompt_tokens: 1000, total_tokens: 1000 })
    const rows = await eventually(
      async () =>
        (
          await gateway().db.query<{ call_type: string; cost_nano: string }>(
            'select call_type, cost_nano from spend_log where api_key = $1',
            [token],
          )
        ).rows,
      (found) => found.length > 0,
    )
    // 0.02 USD per million tokens.
    expect(rows).toEqual([{ call_type: 'aembedding', cost_nano: '20000' }])
  })

  it.each([
    'gemini',
    'ollama',
    'bedrock',
    'azure',
    'tei',
    'vllm',
    'mistral',
    'vertex',
    'together',
    'fireworks',
    'openrouter',
  ])('of %s come in the order of their texts', async (model) => {
    const { key } = await gateway().key()
    const answer = await gateway()
      .openai(key)
      .embeddings.create({ model, input: ['one', 'two'] })
    expect(answer.data.map(({ index, embedding }) => [index, [...embedding]])).toEqual([
      [0, [0.5, 0]],
      [1, [0.5, 1]],
    ])
    expect(answer.usage.prompt_tokens).toBeGreaterThan(0)
  })

  it.each([
    ['embedContent', { content: { parts: [{ text: 'one' }] } }, { embedding: { values: [0.5, 0] } }],
    [
      'batchEmbedContents',
      { requests: ['one', 'two'].map((text) => ({ content: { parts: [{ text }] } })) },
      { embeddings: [{ values: [0.5, 0] }, { values: [0.5, 1] }] },
    ],
  ])('come by Gemini’s %s, whoever the vendor is', async (method, body, vectors) => {
    const { key } = await gateway().key()
    const response = await fetch(`${gateway().url()}/v1beta/models/vectors:${method}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(await response.json()).toEqual(vectors)
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.00002')
  })

  it.each(['/v1/embeddings', '/embeddings', '/engines/vectors/embeddings', '/openai/deployments/vectors/embeddings'])(
    'are at %s, and what they would cost is held to the budget',
    async (path) => {
      const { key: poor } = await gateway().key({ max_budget: 0.000000001 })
      const ask = (key: string) =>
        fetch(`${gateway().url()}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'vectors', input: 'one' }),
        })
      const { key } = await gateway().key({ max_budget: 1 })
      expect((await ask(key)).status).toBe(200)
      const refused = await ask(poor)
      expect([refused.status, ((await refused.json()) as { error: { type: string } }).error.type]).toEqual([
        429,
        'budget_exceeded',
      ])
    },
  )
})
