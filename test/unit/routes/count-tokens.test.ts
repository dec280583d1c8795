import { describe, expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import { world } from './world.ts'

const CONFIG = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: 'https://vendor.test/v1' }
  - model_name: claude
    litellm_params: { model: anthropic/claude-sonnet-4-5, api_key: sk-vendor, api_base: 'https://vendor.test' }
  - model_name: flash
    litellm_params: { model: gemini/gemini-2.5-flash, api_key: sk-vendor, api_base: 'https://vendor.test' }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

/** The front door over these models; the vendor is a function. */
function counting(vendor: (url: string, body: Record<string, unknown>) => Response) {
  const w = world()
  const seen: string[] = []
  Object.assign(w.deps.gateway, {
    config: buildConfig(CONFIG, { fileName: 'test.yaml', target: 'dev' }).config,
    fetch: (url: string, init: { body: string }) => {
      seen.push(url)
      return Promise.resolve(vendor(url, JSON.parse(init.body)))
    },
  })
  return { ...w, seen }
}

const messages = [{ role: 'user', content: 'How many tokens am I?' }]
const contents = [{ role: 'user', parts: [{ text: 'How many tokens am I?' }] }]

describe('counting tokens', () => {
  it('is done by the vendor, in the words of either dialect, for either vendor', async () => {
    const w = counting((url) => Response.json(url.includes('messages') ? { input_tokens: 12 } : { totalTokens: 34 }))
    for (const [model, tokens] of [
      ['claude', 12],
      ['flash', 34],
    ] as const) {
      const asAnthropic = await w.post('/v1/messages/count_tokens', { model, messages })
      expect([asAnthropic.status, asAnthropic.json]).toEqual([200, { input_tokens: tokens }])
      expect(asAnthropic.headers.get('x-tollgate-counted-by')).toBe('provider')
      for (const body of [{ contents }, { generateContentRequest: { contents } }])
        expect((await w.post(`/v1beta/models/${model}:countTokens`, body)).json).toEqual({ totalTokens: tokens })
    }
    expect(new Set(w.seen)).toEqual(
      new Set([
        'https://vendor.test/v1/messages/count_tokens',
        'https://vendor.test/v1beta/models/gemini-2.5-flash:countTokens',
      ]),
    )
  })

  it.each([
    ['refuses', () => new Response('{}', { status: 500 })],
    ['says nothing', () => Response.json({})],
    ['is no JSON', () => new Response('<html>')],
    [
      'is gone',
      () => {
        throw new Error('lost')
      },
    ],
  ])('is an estimate when the vendor %s', async (_, vendor) => {
    const { json, headers } = await counting(vendor).post('/v1/messages/count_tokens', { model: 'claude', messages })
    expect(headers.get('x-tollgate-counted-by')).toBe('estimate')
    expect(json.input_tokens).toBe(10 + 4 + 3)
  })

  it('is an estimate for vendors without a counter, who are not asked', async () => {
    const w = counting(() => Response.json({}))
    expect((await w.post('/v1/messages/count_tokens', { model: 'small', messages })).json).toEqual({
      input_tokens: 10 + 4 + 3,
    })
    expect(w.seen).toEqual([])
  })

  it('takes nothing: a key whose budget is spent may count, one that may not use the model may not', async () => {
    const w = counting(() => Response.json({ input_tokens: 12 }))
    const spent = await w.key({ max_budget: 0 })
    expect((await w.post('/v1/messages/count_tokens', { model: 'claude', messages }, spent)).status).toBe(200)
    const other = await w.key({ models: ['small'] })
    const refused = await w.post('/v1/messages/count_tokens', { model: 'claude', messages }, other)
    expect([refused.status, refused.json.error.type]).toEqual([401, 'permission_error'])
    expect((await w.post('/v1/messages/count_tokens', { model: 'nobody', messages }, spent)).status).toBe(400)
    expect((await w.post('/v1/messages/count_tokens', { model: 'claude' })).json.error.param).toBe('messages')
  })
})
