import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { beforeEach, describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

const asked: Record<string, unknown>[] = []
const vendor = await startVendor((path, body) => {
  if (path.endsWith('/count_tokens')) return { body: { input_tokens: 2095 } }
  if (path.endsWith(':countTokens')) return { body: { totalTokens: 31 } }
  asked.push(body)
  return {
    body: {
      id: `chatcmpl-${crypto.randomUUID()}`,
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o-mini-2024-07-18',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Your name is Ada.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
    },
  }
})

const rows = `model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/v1' }
  - model_name: claude
    litellm_params: { model: anthropic/claude-sonnet-4-20250514, api_key: sk-vendor, api_base: '${vendor}' }
  - model_name: gemini
    litellm_params: { model: gemini/gemini-2.5-flash, api_key: sk-vendor, api_base: '${vendor}/v1beta' }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
`

describe('kept responses, by the SDK of OpenAI', () => {
  const gateway = useGateway({
    providers: false,
    configFile: configFile(`${rows}litellm_settings: { responses_store: true }\n`),
  })
  let mine: OpenAI
  let colleague: OpenAI
  let stranger: OpenAI
  beforeEach(async () => {
    asked.length = 0
    if (mine) return
    const [ours, theirs] = await Promise.all(
      ['ours', 'theirs'].map(() => gateway().admin<{ team_id: string }>('POST', '/team/new', {})),
    )
    const client = async (team_id = '') => gateway().openai((await gateway().key({ team_id })).key)
    mine = await client(ours!.team_id)
    colleague = await client(ours!.team_id)
    stranger = await client(theirs!.team_id)
  })
  const kept = (id: string) => eventually(() => mine.responses.retrieve(id), Boolean)

  it('are found, gone on with and listed by the team, and by nobody else', async () => {
    const first = await mine.responses.create({ model: 'small', input: 'My name is Ada.' })
    expect(first.output_text).toBe('Your name is Ada.')
    expect((await kept(first.id)).output).toEqual(first.output)

    const second = await colleague.responses.create({
      model: 'small',
      input: 'What is my name?',
      previous_response_id: first.id,
    })
    expect(second.previous_response_id).toBe(first.id)
    expect(asked.at(-1)!.messages).toMatchObject([
      { role: 'user', content: 'My name is Ada.' },
      { role: 'assistant', content: 'Your name is Ada.' },
      { role: 'user', content: 'What is my name?' },
    ])
    await kept(second.id)
    const items = await mine.responses.inputItems.list(second.id, { order: 'asc' })
    expect(items.data.map((item) => ('role' in item ? item.role : item.type))).toEqual(['user', 'assistant', 'user'])

    const { NotFoundError, BadRequestError } = OpenAI
    await expect(stranger.responses.retrieve(first.id)).rejects.toBeInstanceOf(NotFoundError)
    await expect(stranger.responses.delete(first.id)).rejects.toBeInstanceOf(NotFoundError)
    const taken = stranger.responses.create({ model: 'small', input: 'x', previous_response_id: first.id })
    await expect(taken).rejects.toBeInstanceOf(BadRequestError)

    await colleague.responses.delete(first.id)
    await expect(mine.responses.retrieve(first.id)).rejects.toBeInstanceOf(NotFoundError)
  })

  it('are sealed where they lie', async () => {
    const { id } = await mine.responses.create({ model: 'small', input: 'A secret: xyzzy.' })
    await kept(id)
    const { rows: lying } = await gateway().db.query('select * from stored_response where id = $1', [id])
    expect(lying).toHaveLength(1)
    expect(JSON.stringify(lying)).not.toMatch(/xyzzy|Ada/)
  })

  it('are not kept where the caller wants none', async () => {
    const { id } = await mine.responses.create({ model: 'small', input: 'x', store: false })
    await expect(mine.responses.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })
})

describe('without a store', () => {
  const gateway = useGateway({ providers: false, configFile: configFile(rows) })
  let apiKey = ''
  beforeEach(async () => {
    apiKey ||= (await gateway().key()).key
  })

  it('who asks to have a response kept is told that it was not, and who goes on from one why not', async () => {
    const client = gateway().openai(apiKey)
    const { response } = await client.responses.create({ model: 'small', input: 'x', store: true }).withResponse()
    expect(response.headers.get('x-tollgate-response-stored')).toBe('false')
    const refused = client.responses.create({ model: 'small', input: 'x', previous_response_id: 'resp_1' })
    await expect(refused).rejects.toThrow(/400 .*keeps no responses/)
  })

  it.each([
    ['claude', 2095],
    ['gemini', 31],
  ] as const)('tokens of %s are counted by its provider, in either dialect', async (model, tokens) => {
    const anthropic = new Anthropic({ apiKey, baseURL: gateway().url(), maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    expect(await anthropic.messages.countTokens({ model, messages })).toMatchObject({ input_tokens: tokens })
    const google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway().url() } })
    expect(await google.models.countTokens({ model, contents: 'Hello' })).toMatchObject({ totalTokens: tokens })
  })

  it('tokens of others are reckoned, and say so', async () => {
    const anthropic = new Anthropic({ apiKey, baseURL: gateway().url(), maxRetries: 0 })
    const { data, response } = await anthropic.messages
      .countTokens({ model: 'small', messages: [{ role: 'user', content: 'Hello' }] })
      .withResponse()
    expect(data.input_tokens).toBeGreaterThan(0)
    expect(response.headers.get('x-tollgate-counted-by')).toBe('estimate')
  })
})
