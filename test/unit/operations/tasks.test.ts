import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { chat } from '../../../src/operations/chat-operation.ts'
import { moderation } from '../../../src/operations/moderation.ts'
import type { AnyRequest, Operation } from '../../../src/operations/operation.ts'
import { rerank } from '../../../src/operations/rerank.ts'
import { gatewayWorld, keyWith } from '../../support/gateway-world.ts'

const config = `
model_list:
  - model_name: omni-moderation-latest
    litellm_params: { model: openai/omni-moderation-latest, api_key: k, api_base: 'https://vendor.test/v1' }
  - model_name: cohere
    litellm_params: { model: cohere/rerank-v3.5, api_key: k, input_cost_per_query: 0.002 }
  - model_name: voyage
    litellm_params: { model: voyage/rerank-2.5, api_key: k }
  - model_name: jina
    litellm_params: { model: jina_ai/jina-reranker-v2-base-multilingual, api_key: k, input_cost_per_token: 0.00000005, output_cost_per_token: 0 }
  - model_name: vllm
    litellm_params: { model: hosted_vllm/BAAI/bge-reranker-v2-m3, api_base: 'https://vendor.test/v1', input_cost_per_token: 0, output_cost_per_token: 0 }
    model_info: { mode: rerank }
  - model_name: chats
    litellm_params: { model: anthropic/claude-sonnet-4-20250514, api_key: k }
litellm_settings: { num_retries: 0 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

interface Sent {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: Record<string, unknown>
}

async function asked<R extends AnyRequest>(
  operation: Operation<R>,
  body: Record<string, unknown>,
  answer: object,
  limitNano = 1_000_000_000n,
) {
  const sent: Sent[] = []
  const world = gatewayWorld(
    (url, init) => {
      sent.push({ url, headers: init.headers as Record<string, string>, body: JSON.parse(String(init.body)) })
      return Response.json(answer)
    },
    { config },
  )
  world.account.limits.set('key:k1@life', limitNano)
  const response = await world.askFor(operation, body, keyWith(limitNano))
  const told = (await response.json()) as Record<string, unknown>
  await world.rest()
  expect(brokenPromise(world.account)).toBeUndefined()
  return { sent, told, row: world.rows()[0] }
}

describe('moderations', () => {
  it('ask the model that OpenAI asks where none is named, and cost nothing', async () => {
    const { sent, told, row } = await asked(
      moderation,
      { input: ['a', 'b'] },
      { id: 'modr-1', results: [{ flagged: true }] },
    )
    expect(sent[0]).toMatchObject({
      url: 'https://vendor.test/v1/moderations',
      body: { model: 'omni-moderation-latest', input: ['a', 'b'] },
    })
    expect(told).toEqual({ id: 'modr-1', results: [{ flagged: true }], model: 'omni-moderation-latest' })
    expect(row).toMatchObject({ call_type: 'amoderation', cost_nano: '0', status: 'success', usage_estimated: false })
  })

  it.each([{}, { input: '' }, { input: [] }, { input: 3 }])('need something to judge: %o', async (body) => {
    await expect(asked(moderation, body, {})).rejects.toMatchObject({
      kind: 'invalid_request',
      details: { param: 'input' },
    })
  })
})

describe('rerank', () => {
  const question = {
    query: 'What is the capital of France?',
    documents: ['Berlin', { text: 'Paris', page: 3 }],
    top_n: 1,
  }

  it.each([
    [
      'cohere',
      'https://api.cohere.ai/v2/rerank',
      { id: 'r1', results: [{ index: 1, relevance_score: 0.9 }], meta: { billed_units: { search_units: 1 } } },
      { top_n: 1, documents: ['Berlin', 'Paris'], model: 'rerank-v3.5' },
      // 2 USD for a thousand searches.
      '2000000',
    ],
    [
      'voyage',
      'https://api.voyageai.com/v1/rerank',
      { object: 'list', data: [{ index: 1, relevance_score: 0.9 }], usage: { total_tokens: 26 } },
      { top_k: 1, documents: ['Berlin', 'Paris'] },
      // 0.05 USD for a million tokens.
      '1300',
    ],
    [
      'jina',
      'https://api.jina.ai/v1/rerank',
      { results: [{ index: 1, relevance_score: 0.9 }], usage: { total_tokens: 100 } },
      { top_n: 1, documents: ['Berlin', 'Paris'] },
      '5000',
    ],
    [
      'vllm',
      'https://vendor.test/v1/rerank',
      {
        id: 'r1',
        results: [{ index: 1, relevance_score: 0.9, document: { text: 'Paris' } }],
        usage: { total_tokens: 9 },
      },
      { top_n: 1, documents: ['Berlin', 'Paris'] },
      '0',
    ],
  ])('is asked of %s in its words, told in Cohere’s, and paid for', async (model, url, answer, body, cost) => {
    const { sent, told, row } = await asked(rerank, { model, ...question }, answer)
    expect(sent[0]?.url).toBe(url)
    expect(sent[0]?.body).toMatchObject({ query: question.query, ...body })
    expect(sent[0]?.body).not.toHaveProperty('return_documents')
    expect(told.results).toEqual([{ index: 1, relevance_score: 0.9, document: { text: 'Paris', page: 3 } }])
    expect(row).toMatchObject({ call_type: 'arerank', cost_nano: cost, covered: [true], overrun: false })
  })

  it('leaves the documents out where it is told so, and refuses an answer about documents that nobody sent', async () => {
    const answer = { results: [{ index: 0, relevance_score: 0.5 }], meta: { billed_units: { search_units: 1 } } }
    const { told } = await asked(rerank, { model: 'cohere', ...question, return_documents: false }, answer)
    expect(told.results).toEqual([{ index: 0, relevance_score: 0.5 }])
    const strange = { results: [{ index: 2, relevance_score: 0.5 }] }
    await expect(asked(rerank, { model: 'cohere', ...question }, strange)).rejects.toMatchObject({
      kind: 'upstream_failed',
    })
  })

  it('is held by searches: one for a hundred pieces of documents', async () => {
    const answer = { results: [{ index: 0, relevance_score: 1 }], meta: { billed_units: { search_units: 2 } } }
    const documents = Array.from({ length: 101 }, (_, at) => `Document ${at}`)
    const one = { model: 'cohere', query: 'q', documents }
    expect((await asked(rerank, one, answer, 4_000_000n)).row).toMatchObject({ cost_nano: '4000000' })
    await expect(asked(rerank, one, answer, 3_999_999n)).rejects.toMatchObject({ kind: 'budget_exceeded' })
    const long = { ...one, documents: documents.slice(0, 100).with(0, 'x'.repeat(1_000)) }
    await expect(asked(rerank, long, answer, 3_999_999n)).rejects.toMatchObject({ kind: 'budget_exceeded' })
  })

  it('is not asked of who only chats, nor a chat of who only ranks', async () => {
    await expect(asked(rerank, { model: 'chats', ...question }, {})).rejects.toMatchObject({ kind: 'not_implemented' })
    const hello = { model: 'voyage', messages: [{ role: 'user', content: 'Hi' }] }
    await expect(asked(chat, hello, {})).rejects.toMatchObject({ kind: 'not_implemented' })
  })
})
