import { describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

const vendor = await startVendor((_, { input }) => {
  const texts = [input].flat()
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
