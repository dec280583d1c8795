import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'

const asked = 'Say hello.'
const models = ['gpt', 'claude', 'flash'] as const

describe('official SDKs, each with a model of every tongue', () => {
  const gateway = useGateway({ configFile: 'test/fixtures/vendors-config.yaml' })
  const google = (apiKey: string) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway().url() } })
  const anthropic = (apiKey: string) => new Anthropic({ apiKey, baseURL: gateway().url(), maxRetries: 0 })

  for (const model of models) {
    it(`openai: chat of ${model}, whole and streamed`, async () => {
      const { key } = await gateway().key({ max_budget: 1 })
      const client = gateway().openai(key)
      const messages = [{ role: 'user' as const, content: asked }]
      const whole = await client.chat.completions.create({ model, messages, max_tokens: 200 })
      expect(whole.choices[0]!.message.content).toContain(asked)
      expect(whole.choices[0]!.finish_reason).toBe('stop')
      // The stand-in for Claude counts nothing.
      if (model !== 'claude') expect(whole.usage!.completion_tokens).toBeGreaterThan(0)
      const stream = await client.chat.completions.create({ model, messages, max_tokens: 200, stream: true })
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      expect(text).toBe(whole.choices[0]!.message.content)
    })

    it(`openai: a response of ${model}, whole and streamed`, async () => {
      const { key } = await gateway().key({ max_budget: 1 })
      const client = gateway().openai(key)
      const whole = await client.responses.create({ model, input: asked, max_output_tokens: 200 })
      expect(whole.output_text).toContain(asked)
      const stream = await client.responses.create({ model, input: asked, max_output_tokens: 200, stream: true })
      const types: string[] = []
      let text = ''
      for await (const event of stream) {
        types.push(event.type)
        if (event.type === 'response.output_text.delta') text += event.delta
      }
      expect(text).toBe(whole.output_text)
      expect([types[0], types.at(-1)]).toEqual(['response.created', 'response.completed'])
    })

    it(`anthropic: messages of ${model}, whole and streamed`, async () => {
      const { key } = await gateway().key({ max_budget: 1 })
      const body = { model, max_tokens: 200, messages: [{ role: 'user' as const, content: asked }] }
      const whole = await anthropic(key).messages.create(body)
      const [block] = whole.content
      expect(block).toMatchObject({ type: 'text', text: expect.stringContaining(asked) })
      expect(whole.stop_reason).toBe('end_turn')
      const final = await anthropic(key).messages.stream(body).finalMessage()
      expect(final.content[0]).toMatchObject({ type: 'text', text: (block as { text: string }).text })
      if (model !== 'claude') expect(final.usage.output_tokens).toBeGreaterThan(0)
    })

    it(`google: content of ${model}, whole and streamed`, async () => {
      const { key } = await gateway().key({ max_budget: 1 })
      const body = { model, contents: asked, config: { maxOutputTokens: 200 } }
      const whole = await google(key).models.generateContent(body)
      expect(whole.text).toContain(asked)
      let text = ''
      for await (const chunk of await google(key).models.generateContentStream(body)) text += chunk.text ?? ''
      expect(text).toBe(whole.text)
    })
  }

  it('each finds its spend under its own model and dialect', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    await anthropic(key).messages.create({
      model: 'flash',
      max_tokens: 50,
      messages: [{ role: 'user', content: asked }],
    })
    const day = new Date().toISOString().slice(0, 10)
    const page = await eventually(
      () =>
        gateway().admin<{ total: number; data: { spend: number; custom_llm_provider: string; model_group: string }[] }>(
          'GET',
          `/spend/logs/v2?start_date=${day}&end_date=${day}%2023:59:59&api_key=${token}`,
        ),
      ({ total }) => total === 1,
    )
    expect(page.data[0]).toMatchObject({ custom_llm_provider: 'gemini', model_group: 'flash' })
    expect(page.data[0]!.spend).toBeGreaterThan(0)
  })

  it('are refused in their own classes', async () => {
    const { key } = await gateway().key({ models: ['gpt'] })
    const body = { model: 'claude', max_tokens: 50, messages: [{ role: 'user' as const, content: asked }] }
    const refused = await anthropic(key)
      .messages.create(body)
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Anthropic.AuthenticationError)
    expect(refused).toMatchObject({ status: 401, error: { type: 'error' } })
    const google404 = await google(key)
      .models.generateContent({ model: 'no-such-model', contents: asked })
      .catch((error: { status: number }) => error.status)
    expect([400, 401]).toContain(google404)
  })
})
