import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEmbeddings } from '../../../src/dialects/embeddings.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { azure } from '../../../src/providers/azure.ts'
import { bedrock } from '../../../src/providers/bedrock.ts'
import { fireworks } from '../../../src/providers/fireworks.ts'
import { gemini } from '../../../src/providers/gemini.ts'
import { huggingface } from '../../../src/providers/huggingface.ts'
import { mistral } from '../../../src/providers/mistral.ts'
import { ollama } from '../../../src/providers/ollama.ts'
import { openai } from '../../../src/providers/openai.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { together } from '../../../src/providers/together.ts'
import type { EmbeddingTranslator } from '../../../src/providers/translator.ts'
import { vertexEmbedding } from '../../../src/providers/vertex-embeddings.ts'
import { hostedVllm } from '../../../src/providers/vllm.ts'

const request = (input: unknown, more: object = {}) => parseEmbeddings({ model: 'group', input, ...more })
const target = (fields: Partial<Target>): Target => ({
  model: 'm',
  apiKey: 'k',
  extraHeaders: { 'X-Team': 'a' },
  params: {},
  ...fields,
})

/** What is sent: addresses, and bodies as JSON. */
const sent = (embedding: EmbeddingTranslator, asked: ReturnType<typeof request>, to: Target) =>
  embedding.embed(asked, to).map(({ url, body, method, headers }) => {
    expect([method, headers['content-type'], headers['x-team']]).toEqual(['POST', 'application/json', 'a'])
    return [url, JSON.parse(body)]
  })

const openaiAnswer = {
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: [0.25, -1] }],
  model: 'm',
  usage: { prompt_tokens: 3, total_tokens: 3 },
}

describe("vendors of OpenAI's embeddings", () => {
  it.each([
    ['openai', openai, 'https://api.openai.com/v1/embeddings', { encoding_format: 'base64', dimensions: 8, user: 'u' }],
    ['mistral', mistral, 'https://api.mistral.ai/v1/embeddings', { encoding_format: 'base64', output_dimension: 8 }],
    ['fireworks', fireworks, 'https://api.fireworks.ai/inference/v1/embeddings', { dimensions: 8 }],
  ])('%s is asked in its own words', (_, vendor, url, fields) => {
    const asked = request('Hi', { encoding_format: 'base64', dimensions: 8, user: 'u' })
    const model = vendor === fireworks ? 'accounts/fireworks/models/m' : 'm'
    expect(sent(vendor.embedding, asked, target({}))).toEqual([[url, { model, input: 'Hi', ...fields }]])
    expect(vendor.embedding.embeddings([openaiAnswer], asked)).toEqual({
      model: 'm',
      vectors: [[0.25, -1]],
      usage: { ...noUsage, inputTokens: 3 },
    })
  })

  it('one that has no dimensions says so, or leaves them out where it may', () => {
    const asked = request('Hi', { dimensions: 8, encoding_format: 'float' })
    expect(() => together.embedding.embed(asked, target({}))).toThrow(/"dimensions"/)
    expect(sent(together.embedding, asked, target({ dropParams: true }))[0]?.[1]).toEqual({ model: 'm', input: 'Hi' })
  })

  it('tokens go to those that read tokens, and are refused for the others by name', () => {
    const tokens = request([[1, 2], [3]])
    for (const vendor of [openai, hostedVllm, fireworks])
      expect(sent(vendor.embedding, tokens, target({ apiBase: 'http://v/v1' }))[0]?.[1].input).toEqual([[1, 2], [3]])
    for (const [embedding, model] of [
      [mistral.embedding, 'mistral-embed'],
      [together.embedding, 'm'],
      [gemini.embedding, 'gemini-embedding-001'],
      [vertexEmbedding, 'text-embedding-005'],
      [ollama.embedding, 'nomic-embed-text'],
      [bedrock.embedding, 'amazon.titan-embed-text-v2:0'],
      [huggingface.embedding, 'BAAI/bge-m3'],
    ] as const)
      expect(() => embedding.embed(tokens, target({ model }))).toThrow(
        expect.objectContaining({ kind: 'invalid_request', details: { param: 'input' } }),
      )
  })

  it.each([
    [
      { apiBase: 'https://r.openai.azure.com', apiVersion: '2024-10-21' },
      'https://r.openai.azure.com/openai/deployments/emb/embeddings?api-version=2024-10-21',
    ],
    [
      { apiBase: 'https://r.openai.azure.com/openai/deployments/emb/chat/completions?api-version=2024-10-21' },
      'https://r.openai.azure.com/openai/deployments/emb/embeddings?api-version=2024-10-21',
    ],
    [{ apiBase: 'https://r.openai.azure.com/openai/v1' }, 'https://r.openai.azure.com/openai/v1/embeddings'],
  ])("Azure's are at %j", (fields, url) => {
    const [first] = azure.embedding.embed(request('Hi'), target({ model: 'emb', ...fields }))
    expect([first.url, first.headers['api-key'], JSON.parse(first.body)]).toEqual([
      url,
      'k',
      { model: 'emb', input: 'Hi' },
    ])
  })
})

describe('Gemini', () => {
  const asked = request(['a', 'b'], { dimensions: 4, task_type: 'RETRIEVAL_QUERY', encoding_format: 'base64' })

  it('gets a content for each text', () => {
    const options = { taskType: 'RETRIEVAL_QUERY', outputDimensionality: 4 }
    const one = (text: string) => ({ model: 'models/gemini-embedding-001', content: { parts: [{ text }] }, ...options })
    expect(sent(gemini.embedding, asked, target({ model: 'gemini-embedding-001' }))).toEqual([
      [
        'https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:batchEmbedContents',
        { requests: [one('a'), one('b')] },
      ],
    ])
  })

  it('is asked again for what is more than a hundred, and read in the same order', () => {
    const texts = Array.from({ length: 201 }, (_, at) => `t${at}`)
    const bodies = sent(gemini.embedding, request(texts), target({})).map(([, body]) => body.requests)
    expect(bodies.map((requests) => requests.length)).toEqual([100, 100, 1])
    const answers = bodies.map((requests) => ({
      embeddings: requests.map((one: { content: { parts: { text: string }[] } }) => ({
        values: [Number(one.content.parts[0]?.text.slice(1))],
      })),
    }))
    const { vectors, usage } = gemini.embedding.embeddings(answers, request(texts))
    expect(vectors).toEqual(texts.map((_, at) => [at]))
    expect(usage).toBeUndefined()
  })

  it('says what it used where it does', () => {
    const answer = { embeddings: [{ values: [1] }, { values: [2] }], usageMetadata: { promptTokenCount: 7 } }
    expect(gemini.embedding.embeddings([answer], asked).usage).toEqual({ ...noUsage, inputTokens: 7 })
  })
})

describe('Vertex AI', () => {
  const at = { apiKey: 'k', vertex: { project: 'p', location: 'europe-west4', token: 't' } }
  const root = 'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google'

  it('predicts many texts at once', () => {
    const asked = request(['a', 'b'], { dimensions: 4, task_type: 'CLUSTERING' })
    const instance = (content: string) => ({ content, task_type: 'CLUSTERING' })
    expect(sent(vertexEmbedding, asked, target({ model: 'text-embedding-005', ...at }))).toEqual([
      [
        `${root}/models/text-embedding-005:predict`,
        { instances: [instance('a'), instance('b')], parameters: { outputDimensionality: 4 } },
      ],
    ])
    const prediction = (value: number, tokens: number) => ({
      embeddings: { values: [value], statistics: { truncated: false, token_count: tokens } },
    })
    expect(vertexEmbedding.embeddings([{ predictions: [prediction(1, 3), prediction(2, 4)] }], asked)).toEqual({
      model: 'group',
      vectors: [[1], [2]],
      usage: { ...noUsage, inputTokens: 7 },
    })
  })

  it('asks gemini-embedding-001 for one text each, and later ones for a content', () => {
    const asked = request(['a', 'b'])
    expect(sent(vertexEmbedding, asked, target({ model: 'gemini-embedding-001', ...at })).map(([, b]) => b)).toEqual([
      { instances: [{ content: 'a' }], parameters: {} },
      { instances: [{ content: 'b' }], parameters: {} },
    ])
    const [, second] = sent(vertexEmbedding, asked, target({ model: 'gemini-embedding-2', ...at }))
    expect(second).toEqual([`${root}/models/gemini-embedding-2:embedContent`, { content: { parts: [{ text: 'b' }] } }])
    const answers = [1, 2].map((value) => ({ embedding: { values: [value] }, usageMetadata: { promptTokenCount: 2 } }))
    expect(vertexEmbedding.embeddings(answers, asked)).toEqual({
      model: 'group',
      vectors: [[1], [2]],
      usage: { ...noUsage, inputTokens: 4 },
    })
  })
})

describe('Bedrock', () => {
  const url = (id: string) => `https://bedrock-runtime.us-east-1.amazonaws.com/model/${encodeURIComponent(id)}/invoke`
  const at = (model: string) => target({ model, aws: { region: 'us-east-1' } })

  it('asks Titan for one text each', () => {
    const id = 'amazon.titan-embed-text-v2:0'
    expect(sent(bedrock.embedding, request(['a', 'b'], { dimensions: 256, normalize: false }), at(id))).toEqual([
      [url(id), { inputText: 'a', dimensions: 256, normalize: false }],
      [url(id), { inputText: 'b', dimensions: 256, normalize: false }],
    ])
    const answers = [
      { embedding: [1], inputTextTokenCount: 2 },
      { embeddingsByType: { float: [2] }, inputTextTokenCount: 3 },
    ]
    expect(bedrock.embedding.embeddings(answers, request(['a', 'b']))).toEqual({
      model: 'group',
      vectors: [[1], [2]],
      usage: { ...noUsage, inputTokens: 5 },
    })
    expect(() => bedrock.embedding.embed(request('a', { dimensions: 2 }), at('amazon.titan-embed-text-v1'))).toThrow(
      /"dimensions"/,
    )
  })

  it('asks Cohere for many, which says no counts', () => {
    const asked = request(['a', 'b'], { input_type: 'search_query' })
    expect(sent(bedrock.embedding, asked, at('cohere.embed-english-v3'))).toEqual([
      [url('cohere.embed-english-v3'), { texts: ['a', 'b'], input_type: 'search_query' }],
    ])
    expect(sent(bedrock.embedding, request('a', { dimensions: 256 }), at('us.cohere.embed-v4:0'))[0]?.[1]).toEqual({
      texts: ['a'],
      input_type: 'search_document',
      output_dimension: 256,
      embedding_types: ['float'],
    })
    for (const embeddings of [[[1], [2]], { float: [[1], [2]] }])
      expect(bedrock.embedding.embeddings([{ embeddings }], asked)).toEqual({ model: 'group', vectors: [[1], [2]] })
  })

  it('asks Nova by its schema, and refuses models that make no vectors', () => {
    const id = 'amazon.nova-2-multimodal-embeddings-v1:0'
    const [first] = sent(bedrock.embedding, request('a', { dimensions: 384 }), at(id))
    expect(first?.[1].singleEmbeddingParams).toEqual({
      embeddingPurpose: 'GENERIC_INDEX',
      embeddingDimension: 384,
      text: { truncationMode: 'NONE', value: 'a' },
    })
    expect(
      bedrock.embedding.embeddings([{ embeddings: [{ embeddingType: 'TEXT', embedding: [1] }] }], request('a')).vectors,
    ).toEqual([[1]])
    expect(() => bedrock.embedding.embed(request('a'), at('amazon.nova-lite-v1:0'))).toThrow(
      expect.objectContaining({ kind: 'invalid_request' }),
    )
  })
})

describe('Ollama and Hugging Face', () => {
  it('Ollama is asked by its own API', () => {
    const asked = request(['a', 'b'], { dimensions: 2, encoding_format: 'base64' })
    for (const apiBase of ['http://o:11434', 'http://o:11434/api/chat', 'http://o:11434/api/embed/'])
      expect(sent(ollama.embedding, asked, target({ apiBase }))).toEqual([
        ['http://o:11434/api/embed', { model: 'm', input: ['a', 'b'], dimensions: 2 }],
      ])
    expect(ollama.embedding.embeddings([{ embeddings: [[1], [2]], prompt_eval_count: 4 }], asked)).toEqual({
      model: 'group',
      vectors: [[1], [2]],
      usage: { ...noUsage, inputTokens: 4 },
    })
  })

  it("one's own server of text embeddings speaks OpenAI's, Hugging Face's own their pipeline", () => {
    for (const apiBase of ['http://tei', 'http://tei/embed', 'http://tei/v1/'])
      expect(sent(huggingface.embedding, request('a'), target({ apiBase }))).toEqual([
        ['http://tei/v1/embeddings', { model: 'm', input: 'a' }],
      ])
    expect(sent(huggingface.embedding, request('a', { normalize: true }), target({ model: 'BAAI/bge-m3' }))).toEqual([
      [
        'https://router.huggingface.co/hf-inference/models/BAAI/bge-m3/pipeline/feature-extraction',
        { inputs: ['a'], normalize: true },
      ],
    ])
    expect(huggingface.embedding.embeddings([[[1, 2]]], request('a')).vectors).toEqual([[1, 2]])
    expect(huggingface.embedding.embeddings([[1, 2]], request('a')).vectors).toEqual([[1, 2]])
    expect(huggingface.embedding.embeddings([openaiAnswer], request('a')).vectors).toEqual([[0.25, -1]])
  })
})

it('an answer that is not one vector for each input is a failure, whatever it is', () => {
  const all = [openai, gemini, bedrock, ollama, huggingface].map(({ embedding }) => embedding)
  fc.assert(
    fc.property(fc.constantFrom(...all, vertexEmbedding), fc.jsonValue(), (embedding: EmbeddingTranslator, answer) => {
      expect(() => embedding.embeddings([answer], request(['a', 'b', 'c']))).toThrow(
        expect.objectContaining({ kind: 'upstream_failed' }),
      )
    }),
  )
})
