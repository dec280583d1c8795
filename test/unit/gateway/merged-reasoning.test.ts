import { expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import { chunk, gatewayWorld, keyWith, streamed, usageChunk } from '../../support/gateway-world.ts'

const config = (merges: boolean) => `
model_list:
  - model_name: thinker
    litellm_params:
      model: deepseek/deepseek-reasoner
      api_key: os.environ/OPENAI_API_KEY
      api_base: 'https://vendor.test/v1'
      merge_reasoning_content_in_choices: ${merges}
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
const bodies: Record<string, unknown>[] = []
const lines = [
  chunk({ role: 'assistant', reasoning_content: 'Let me ' }),
  chunk({ reasoning_content: 'see.' }),
  chunk({ content: 'Four' }),
  chunk({ content: '.' }),
  chunk({}, 'stop'),
  usageChunk(10, 20),
  '[DONE]',
]
const message = { role: 'assistant', content: 'Four.', reasoning_content: 'Let me see.' }
const whole = {
  id: 'c',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1 },
}
const world = (merges: boolean) =>
  gatewayWorld(
    (_, { body }) => {
      const asked = JSON.parse(String(body)) as Record<string, unknown>
      bodies.push(asked)
      return asked.stream === true ? streamed(lines) : Response.json(whole)
    },
    { config: config(merges) },
  )
const hello = { model: 'thinker', messages: [{ role: 'user', content: '2 + 2?' }] }

type Delta = { content?: string; reasoning_content?: string }
async function told(merges: boolean, fields: object = {}): Promise<[text: string, thought: string]> {
  const response = await world(merges).ask({ ...hello, stream: true, ...fields })
  const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'))
  const deltas = events.flatMap(
    (event) => (JSON.parse(event.slice(6)) as { choices: { delta: Delta }[] }).choices[0]?.delta ?? [],
  )
  return [
    deltas.map(({ content }) => content ?? '').join(''),
    deltas.map(({ reasoning_content }) => reasoning_content ?? '').join(''),
  ]
}

it('thoughts stand in the text where deployment or request say so, whole and in pieces', async () => {
  const merge = { merge_reasoning_content_in_choices: true }
  const one = '<think>Let me see.</think>Four.'
  expect([await told(true), await told(false, merge)]).toEqual([
    [one, ''],
    [one, ''],
  ])
  expect(await told(true, { merge_reasoning_content_in_choices: false })).toEqual(['Four.', 'Let me see.'])
  const answer = (await (await world(true).ask(hello)).json()) as typeof whole
  expect(answer.choices[0]!.message).toMatchObject({ content: one })
  expect(answer.choices[0]!.message).not.toHaveProperty('reasoning_content')
  expect(bodies.some((body) => 'merge_reasoning_content_in_choices' in body)).toBe(false)
})

it('a dialect that has a place for thoughts keeps them there', async () => {
  const asked = { ...hello, max_tokens: 50 }
  const answer = await (await world(true).ask(asked, keyWith(), anthropic)).text()
  expect(answer).not.toContain('<think>')
  expect(answer).toContain('Let me see.')
})

it('thoughts that end in a call or in nothing are closed', async () => {
  const call = { index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }
  for (const last of [[chunk({ tool_calls: [call] }), chunk({}, 'tool_calls')], [chunk({}, 'length')]]) {
    const cut = [lines[0]!, ...last, usageChunk(1, 1), '[DONE]']
    const vendor = gatewayWorld(() => streamed(cut), { config: config(true) })
    const text = await (await vendor.ask({ ...hello, stream: true })).text()
    expect(text.match(/<think>|<\/think>/g)).toEqual(['<think>', '</think>'])
  }
})
