import { describe, expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { cachedGateway, kindOf, member } from '../../support/cache-world.ts'

const THOUGHT = 'First, “where”? Then, how warm… 🌡️'
const SAID = 'Let me look: "Huế" \\ café\n'
const ARGUMENTS = { city: 'Huế "old"', days: [1, 2], deep: { a: null } }
const usage = { input_tokens: 20, output_tokens: 30 }
const head = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-20250514' }

/** A model that thinks, speaks and calls a tool, whole or in pieces that fall in the middle of everything. */
function vendor(_: string, init: RequestInit): Response {
  if (!JSON.parse(String(init.body)).stream) {
    const content = [
      { type: 'thinking', thinking: THOUGHT, signature: 'sig+/=' },
      { type: 'text', text: SAID },
      { type: 'tool_use', id: 'toolu_1', name: 'weather', input: ARGUMENTS },
    ]
    return Response.json({ ...head, content, stop_reason: 'tool_use', stop_sequence: null, usage })
  }
  const written = JSON.stringify(ARGUMENTS)
  const pieces = (index: number, name: string, field: string, text: string) =>
    [text.slice(0, 7), text.slice(7)].map((piece) => ({
      type: 'content_block_delta',
      index,
      delta: { type: name, [field]: piece },
    }))
  const events = [
    {
      type: 'message_start',
      message: { ...head, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    ...pieces(0, 'thinking_delta', 'thinking', THOUGHT),
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig+/=' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    ...pieces(1, 'text_delta', 'text', SAID),
    { type: 'content_block_stop', index: 1 },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} },
    },
    ...pieces(2, 'input_json_delta', 'partial_json', written),
    { type: 'content_block_stop', index: 2 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 30 } },
    { type: 'message_stop' },
  ]
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } })
}

// biome-ignore lint/suspicious/noExplicitAny: four shapes of JSON
type Json = any
const eventsIn = (text: string): Json[] =>
  text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)))
const joined = (parts: readonly (string | undefined)[]) => parts.join('')
const withoutIds = (value: Json): Json =>
  JSON.parse(
    JSON.stringify(value, (name, one) => (name === 'id' && !String(one).startsWith('toolu') ? undefined : one)),
  )

const DIALECTS = [
  {
    name: 'openai',
    dialect: openaiChat,
    body: { model: 'claude', messages: [{ role: 'user', content: 'hi' }] },
    path: (_: boolean) => ({}),
    inWhole: ({ choices: [{ message, finish_reason }] }: Json) => ({
      thought: message.reasoning_content,
      signed: message.thinking_blocks[0].signature,
      said: message.content,
      call: message.tool_calls[0].function,
      finish_reason,
    }),
    inStream: (events: Json[]) => {
      const deltas = events.flatMap(({ choices }) => choices.map(({ delta }: Json) => delta))
      const calls = deltas.flatMap(({ tool_calls = [] }) => tool_calls)
      const named = (field: string) => joined(calls.map((one) => one.function?.[field]))
      return {
        thought: joined(deltas.map(({ reasoning_content }) => reasoning_content)),
        signed: deltas.flatMap(({ thinking_blocks = [] }) => thinking_blocks).find(({ signature }) => signature)
          ?.signature,
        said: joined(deltas.map(({ content }) => content)),
        call: { name: named('name'), arguments: named('arguments') },
        finish_reason: events.flatMap(({ choices }) => choices).findLast((one) => one.finish_reason)?.finish_reason,
      }
    },
  },
  {
    name: 'anthropic',
    dialect: anthropic,
    body: { model: 'claude', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] },
    path: (_: boolean) => ({}),
    inWhole: ({ content, stop_reason }: Json) => ({ content, stop_reason }),
    inStream: (events: Json[]) => {
      const content: Json[] = []
      let written = ''
      for (const { type, index, content_block: block, delta } of events) {
        if (type === 'content_block_start') content[index] = { ...block }
        if (type !== 'content_block_delta') continue
        const one = content[index]
        if (delta.type === 'text_delta') one.text += delta.text
        if (delta.type === 'thinking_delta') one.thinking += delta.thinking
        if (delta.type === 'signature_delta') one.signature = delta.signature
        if (delta.type === 'input_json_delta') written += delta.partial_json
        if (delta.type === 'input_json_delta' && written.endsWith('}}')) one.input = JSON.parse(written)
      }
      return { content, stop_reason: events.find(({ type }) => type === 'message_delta')?.delta.stop_reason }
    },
  },
  {
    name: 'gemini',
    dialect: gemini,
    body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    path: (stream: boolean) => ({ model: 'claude', ...(stream && { stream: true }) }),
    inWhole: (whole: Json) => partsOf([whole]),
    inStream: (events: Json[]) => partsOf(events),
  },
  {
    name: 'responses',
    dialect: responses,
    body: { model: 'claude', input: 'hi' },
    path: (_: boolean) => ({}),
    inWhole: ({ output }: Json) => withoutIds(output),
    inStream: (events: Json[]) => withoutIds(events.find(({ type }) => type === 'response.completed')?.response.output),
  },
] as const

function partsOf(answers: readonly Json[]) {
  const parts: Json[] = answers.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])
  return {
    thought: joined(parts.filter(({ thought }) => thought).map(({ text }) => text)),
    said: joined(parts.filter(({ thought }) => !thought).map(({ text }) => text)),
    calls: parts.flatMap(({ functionCall }) => (functionCall ? [functionCall] : [])),
    signed: parts.flatMap(({ thoughtSignature }) => thoughtSignature ?? []).join(''),
  }
}

describe.each(DIALECTS)('an answer that thinks and calls a tool, in $name', ({ dialect, body, path, ...reads }) => {
  const inWhole: (json: Json) => unknown = reads.inWhole
  const inStream: (events: Json[]) => unknown = reads.inStream
  const world = () => {
    const { ask, rest } = cachedGateway(vendor)
    return async (stream: boolean) => {
      const fields = stream && !('contents' in body) ? { stream: true } : {}
      const response = await ask({ ...body, ...fields }, member('t'), dialect, path(stream))
      const text = await response.text()
      await rest()
      return { hit: kindOf(response), text }
    }
  }

  it('kept whole, is told whole to the byte, and as the stream that it would have been', async () => {
    const [ask, fresh] = [world(), world()]
    const first = await ask(false)
    expect(await ask(false)).toEqual({ hit: 'exact', text: first.text })
    const [stream, live] = [await ask(true), await fresh(true)]
    expect([first.hit, stream.hit, live.hit]).toEqual(['miss', 'exact', 'miss'])
    expect(JSON.stringify(inWhole(JSON.parse(first.text)))).toContain('weather')
    expect(inStream(eventsIn(stream.text))).toEqual(inStream(eventsIn(live.text)))
  })

  it('kept from a stream, is told as that stream, and whole as it would have been', async () => {
    const [ask, fresh] = [world(), world()]
    const live = await ask(true)
    const again = await ask(true)
    expect([live.hit, again.hit]).toEqual(['miss', 'exact'])
    expect(JSON.stringify(inStream(eventsIn(live.text)))).toContain('weather')
    expect(inStream(eventsIn(again.text))).toEqual(inStream(eventsIn(live.text)))
    const [whole, asked] = [await ask(false), await fresh(false)]
    expect([whole.hit, asked.hit]).toEqual(['exact', 'miss'])
    expect(inWhole(JSON.parse(whole.text))).toEqual(inWhole(JSON.parse(asked.text)))
  })
})
