import { expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import { world } from './world.ts'

const CONFIG = `
model_list:
  - { model_name: small, litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor-secret-1 } }
  - { model_name: claude, litellm_params: { model: anthropic/claude-sonnet-4-5, api_key: sk-vendor-secret-2 } }
  - { model_name: flash, litellm_params: { model: gemini/gemini-2.5-flash, api_key: sk-vendor-secret-3 } }
  - { model_name: glm, litellm_params: { model: zai/glm-4.6, api_key: sk-vendor-secret-4 } }
  - { model_name: mixed, litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor-secret-1 } }
  - { model_name: mixed, litellm_params: { model: zai/glm-4.6, api_key: sk-vendor-secret-4 } }
  - { model_name: vectors, litellm_params: { model: openai/text-embedding-3-small, api_key: sk-vendor-secret-1 } }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

function asking(vendor: (url: string) => Response = () => new Response('{}', { status: 500 })) {
  const w = world()
  const fetch = (url: string) => Promise.resolve(vendor(url))
  Object.assign(w.deps.gateway, { config: buildConfig(CONFIG, { fileName: 'test.yaml', target: 'dev' }).config, fetch })
  return w
}

const messages = [{ role: 'user', content: 'How many tokens am I?' }]

it('tokens are counted by the vendor, or reckoned, of messages, prompts and contents', async () => {
  const w = asking(() => Response.json({ input_tokens: 12 }))
  expect((await w.post('/utils/token_counter', { model: 'claude', messages })).json).toEqual({
    ...{ total_tokens: 12, request_model: 'claude', model_used: 'claude-sonnet-4-5' },
    tokenizer_type: 'anthropic_api',
  })
  const reckoned = await w.post('/utils/token_counter', { model: 'small', prompt: 'How many tokens am I?' })
  expect(reckoned.json).toMatchObject({ request_model: 'small', model_used: 'gpt-4o-mini', tokenizer_type: 'estimate' })
  expect(Number(reckoned.json.total_tokens)).toBeGreaterThan(4)
  const contents = [{ parts: [{ text: 'How many tokens am I?' }] }]
  expect((await w.post('/utils/token_counter', { model: 'small', contents })).status).toBe(200)
  expect((await w.post('/utils/token_counter', { model: 'small' })).json).toMatchObject({
    error: { param: 'messages' },
  })
})

it('a model’s parameters are those that its vendor has words for', async () => {
  const w = asking()
  const params = async (model: string) =>
    (await w.get(`/utils/supported_openai_params?model=${model}`)).json.supported_openai_params as string[]
  expect(await params('small')).toEqual(expect.arrayContaining(['tools', 'logprobs', 'n', 'seed', 'response_format']))
  const glm = await params('glm')
  expect(glm).toEqual(expect.arrayContaining(['tools', 'temperature', 'stop']))
  for (const lacking of ['seed', 'n', 'logprobs', 'response_format']) expect(glm).not.toContain(lacking)
  expect(await params('claude')).not.toContain('seed')
  expect(await params('flash')).toContain('seed')

  const { data } = (await w.get('/model_group/info')).json as {
    data: { model_group: string; supported_openai_params: string[] }[]
  }
  const of = (group: string) => data.find(({ model_group }) => model_group === group)?.supported_openai_params
  expect(of('mixed')).toEqual(glm.filter((param) => of('small')?.includes(param)))
  expect(of('vectors')).toEqual([])
})

it('a vendor’s request is shown without its keys, and nobody is asked', async () => {
  const w = asking(() => {
    throw new Error('somebody was asked')
  })
  for (const model of ['small', 'claude', 'flash']) {
    const { status, json } = await w.post('/utils/transform_request', {
      call_type: 'completion',
      request_body: { model, messages },
    })
    expect(status).toBe(200)
    expect(JSON.stringify(json)).toContain('How many tokens am I?')
    expect(JSON.stringify(json)).not.toContain('vendor-secret')
  }
})
