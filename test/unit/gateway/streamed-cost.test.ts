import { expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import { completions } from '../../../src/dialects/completions.ts'
import { withCost } from '../../../src/gateway/streamed-cost.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import type { Telling } from '../../../src/streams/telling.ts'
import { chunk, gatewayWorld, keyWith, streamed, usageChunk } from '../../support/gateway-world.ts'

const config = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
litellm_settings: { include_cost_in_streaming_usage: true }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
const lines = [chunk({ content: 'Hel' }), chunk({ content: 'lo' }, 'stop'), usageChunk(10, 20), '[DONE]']
const asked = { model: 'small', stream: true, stream_options: { include_usage: true } }
const hello = { ...asked, messages: [{ role: 'user', content: 'Hi' }] }
// gpt-4o-mini: 0.15 and 0.60 USD per million tokens.
const cost = (10 * 0.15 + 20 * 0.6) / 1e6

function usagesIn(text: string): { cost?: number; prompt_tokens: number }[] {
  const events = text.split('\n\n').filter((event) => event.startsWith('data: {'))
  return events.flatMap((event) => (JSON.parse(event.slice(6)) as { usage?: never }).usage ?? [])
}

it('the usage of a stream says its cost, relayed or told anew, where the operator wants it', async () => {
  const world = gatewayWorld(() => streamed(lines), { config })
  const relayed = await (await world.ask(hello)).text()
  expect(usagesIn(relayed)).toMatchObject([{ prompt_tokens: 10, cost }])
  expect(relayed).toContain('[DONE]')
  const older = await (await world.ask({ ...asked, prompt: 'Hi' }, keyWith(), completions)).text()
  expect(usagesIn(older)).toMatchObject([{ prompt_tokens: 10, cost }])
  const unasked = await (await world.ask({ ...hello, stream_options: null })).text()
  expect(unasked).not.toContain('"cost"')
  const claudes = await (await world.ask({ ...hello, max_tokens: 50 }, keyWith(), anthropic)).text()
  expect(claudes).not.toContain('"cost"')
  const without = gatewayWorld(() => streamed(lines), { config: config.replace('usage: true', 'usage: false') })
  expect(await (await without.ask(hello)).text()).not.toContain('"cost"')
})

it('however the bytes are cut, only the event with the usage is written anew', async () => {
  const usage = { prompt_tokens: 1, total_tokens: 2 }
  const stream = `data: {"choices":[{"delta":{"content":"\\"usage\\": ü"}}],"usage":null}\n\ndata: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`
  const expected = stream.replace('"total_tokens":2', '"total_tokens":2,"cost":0.5')
  const bytes = new TextEncoder().encode(stream)
  for (let size = 1; size <= bytes.length; size++) {
    let at = 0
    const telling = {
      next: () => {
        const piece = bytes.subarray(at, at + size)
        at += size
        return Promise.resolve({ bytes: [piece], ...(at >= bytes.length && { over: { how: 'complete' as const } }) })
      },
      facts: () => ({ usage: noUsage, outputChars: 1, malformed: 0 }),
    } as unknown as Telling
    const told = withCost(telling, () => 0.5)
    let text = ''
    const decoder = new TextDecoder()
    for (;;) {
      const { bytes: shown, over } = await told.next()
      for (const one of shown) text += decoder.decode(one, { stream: true })
      if (over) break
    }
    expect(text).toBe(expected)
  }
})
