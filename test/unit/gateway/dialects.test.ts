import { describe, expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import { completions } from '../../../src/dialects/completions.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { answered, chunk, gatewayWorld, keyWith, streamed, usageChunk } from '../../support/gateway-world.ts'

type Fields = Record<string, unknown>

const encoder = new TextEncoder()
const sse = (text: string) =>
  new Response(
    new ReadableStream<Uint8Array>({
      start(controller) {
        // Cut where no event ends.
        const bytes = encoder.encode(text)
        for (let at = 0; at < bytes.length; at += 37) controller.enqueue(bytes.subarray(at, at + 37))
        controller.close()
      },
    }),
    { headers: { 'content-type': 'text/event-stream' } },
  )

const claudeAnswer = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-20250514',
  content: [{ type: 'text', text: 'Hello!' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 20 },
}
const event = (name: string, data: object) => `event: ${name}\ndata: ${JSON.stringify({ type: name, ...data })}\n\n`
const claudeStart = event('message_start', { message: { ...claudeAnswer, content: [], stop_reason: null } })
const claudeText =
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hel' } }) +
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'lo!' } }) +
  event('content_block_stop', { index: 0 })
const claudeEnd =
  event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 20 } }) +
  event('message_stop', {})

const openaiBody = { model: 'claude', messages: [{ role: 'user', content: 'Say hello.' }], max_tokens: 100 }
const anthropicBody = (model: string) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Say hello.' }],
})
// claude-sonnet-4: 3 and 15 USD per million tokens.
const claudeCost = String(10n * 3_000n + 20n * 15_000n)

describe('a caller of one dialect with a vendor of another', () => {
  it('OpenAI’s chat is answered by Claude, whole, and priced by its usage', async () => {
    const seen: { url: string; body: Fields; key: string | null }[] = []
    const world = gatewayWorld((url, init) => {
      seen.push({ url, body: JSON.parse(String(init.body)) as Fields, key: new Headers(init.headers).get('x-api-key') })
      return Response.json(claudeAnswer)
    })
    const response = await world.ask(openaiBody)
    const body = (await response.json()) as {
      object: string
      model: string
      choices: { message: { content: string } }[]
    }
    await world.rest()
    expect(seen[0]).toMatchObject({ url: 'https://vendor.test/v1/messages', key: 'sk-vendor-secret' })
    expect(seen[0]!.body).toMatchObject({ model: 'claude-sonnet-4-20250514', max_tokens: 100 })
    expect(body).toMatchObject({ object: 'chat.completion', model: 'claude' })
    expect(body.choices[0]!.message.content).toBe('Hello!')
    expect(world.rows()).toMatchObject([{ cost_nano: claudeCost, dialect: 'openai', custom_llm_provider: 'anthropic' }])
  })

  it('OpenAI’s chat is streamed by Claude as OpenAI’s chunks with [DONE]', async () => {
    const world = gatewayWorld(() => sse(claudeStart + claudeText + claudeEnd))
    const shown = await (await world.ask({ ...openaiBody, stream: true })).text()
    await world.rest()
    const content = [...shown.matchAll(/"content":"([^"]+)"/g)].map(([, text]) => text).join('')
    expect(content).toBe('Hello!')
    expect(shown).toContain('"finish_reason":"stop"')
    expect(shown.trimEnd().endsWith('data: [DONE]')).toBe(true)
    expect(world.rows()).toMatchObject([{ status: 'success', cost_nano: claudeCost, usage_estimated: false }])
  })

  it('a stream of Claude’s that breaks off ends with OpenAI’s error event and no [DONE]', async () => {
    const world = gatewayWorld(() => sse(claudeStart + claudeText))
    const shown = await (await world.ask({ ...openaiBody, stream: true })).text()
    await world.rest()
    expect(shown).toContain('"error"')
    expect(shown).not.toContain('[DONE]')
    expect(world.rows()).toMatchObject([{ status: 'failure' }])
  })

  it('Anthropic’s messages are answered by an OpenAI model, whole and streamed', async () => {
    const world = gatewayWorld((_, init) =>
      String(init.body).includes('"stream":true')
        ? streamed([
            chunk({ role: 'assistant', content: 'Hel' }),
            chunk({ content: 'lo!' }),
            chunk({}, 'stop'),
            usageChunk(10, 20),
            '[DONE]',
          ])
        : answered('Hello!', { prompt_tokens: 10, completion_tokens: 20 }),
    )
    const whole = await (await world.ask(anthropicBody('small'), keyWith(), anthropic)).json()
    expect(whole).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Hello!' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 10, output_tokens: 20 },
    })
    const shown = await (await world.ask({ ...anthropicBody('small'), stream: true }, keyWith(), anthropic)).text()
    const names = [...shown.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)
    expect(names[0]).toBe('message_start')
    expect(names.at(-1)).toBe('message_stop')
    expect([...shown.matchAll(/"text":"(Hel|lo!)"/g)].map(([, text]) => text).join('')).toBe('Hello!')
    await world.rest()
    expect(world.rows().map(({ cost_nano, dialect }) => [cost_nano, dialect])).toEqual([
      ['13500', 'anthropic'],
      ['13500', 'anthropic'],
    ])
  })

  it('Gemini’s, Responses’ and older completions’ callers are answered by the same model in their own shapes', async () => {
    const world = gatewayWorld(() => answered('Hello!', { prompt_tokens: 10, completion_tokens: 20 }))
    const ask = async (...args: Parameters<typeof world.ask>) => await (await world.ask(...args)).json()
    expect(
      await ask({ contents: [{ role: 'user', parts: [{ text: 'Say hello.' }] }] }, keyWith(), gemini, {
        model: 'small',
        stream: false,
      }),
    ).toMatchObject({ candidates: [{ content: { role: 'model', parts: [{ text: 'Hello!' }] }, finishReason: 'STOP' }] })
    expect(await ask({ model: 'small', input: 'Say hello.' }, keyWith(), responses)).toMatchObject({
      object: 'response',
      status: 'completed',
    })
    expect(await ask({ model: 'small', prompt: 'Say hello.' }, keyWith(), completions)).toMatchObject({
      object: 'text_completion',
      choices: [{ text: 'Hello!' }],
    })
  })
})

describe('a caller and a vendor of the same dialect', () => {
  it('Claude’s own stream goes through byte for byte, fields that nobody knows included', async () => {
    const text = claudeStart + event('ping', { unknown: 1 }) + claudeText + claudeEnd
    const bodies: Fields[] = []
    const world = gatewayWorld((_, init) => {
      bodies.push(JSON.parse(String(init.body)) as Fields)
      return sse(text)
    })
    const body = { ...anthropicBody('claude'), stream: true, timeout: 60, an_unknown_field: { kept: true } }
    const shown = await (await world.ask(body, keyWith(), anthropic)).text()
    await world.rest()
    expect(shown).toBe(text)
    expect(bodies[0]).toMatchObject({ model: 'claude-sonnet-4-20250514', an_unknown_field: { kept: true } })
    expect(bodies[0]).not.toHaveProperty('timeout')
    expect(world.rows()).toMatchObject([{ status: 'success', cost_nano: claudeCost, dialect: 'anthropic' }])
  })

  it('Claude’s whole answer goes through as it came', async () => {
    const text = JSON.stringify({ ...claudeAnswer, an_unknown_field: [1, 2] })
    const world = gatewayWorld(() => new Response(text, { headers: { 'content-type': 'application/json' } }))
    expect(await (await world.ask(anthropicBody('claude'), keyWith(), anthropic)).text()).toBe(text)
  })

  it('a broken stream ends in the caller’s own error event', async () => {
    const world = gatewayWorld(() => sse(claudeStart + claudeText))
    const shown = await (await world.ask({ ...anthropicBody('claude'), stream: true }, keyWith(), anthropic)).text()
    expect(shown).toContain('event: error')
    expect(shown).not.toContain('message_stop')
  })

  it('Gemini’s own answer goes through, and is priced', async () => {
    const answer = {
      candidates: [{ content: { role: 'model', parts: [{ text: 'Hello!' }] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 20, totalTokenCount: 30 },
    }
    const world = gatewayWorld(() => Response.json(answer))
    const path = { model: 'flash', stream: false }
    const contents = [{ role: 'user', parts: [{ text: 'Say hello.' }] }]
    expect(await (await world.ask({ contents }, keyWith(), gemini, path)).json()).toEqual(answer)
    await world.rest()
    // gemini-2.0-flash: 0.10 and 0.40 USD per million tokens.
    expect(world.rows()).toMatchObject([{ cost_nano: String(10n * 100n + 20n * 400n), dialect: 'gemini' }])
  })

  it('is OpenAI’s chat unless said', () => {
    expect(openaiChat.name).toBe('openai')
  })
})
