import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type {
  AssistantMessage,
  ChatChunk,
  ChatCompletion,
  ChatDelta,
  FinishReason,
} from '../../../src/dialects/chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { printResponse } from '../../../src/dialects/responses-answer.ts'
import { responsesPrinter } from '../../../src/dialects/responses-printer.ts'
import { parseResponses } from '../../../src/dialects/responses-request.ts'
import { GatewayError } from '../../../src/errors.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { openaiResponsesCompletion } from '../../../src/providers/openai-responses-answer.ts'
import { openaiResponsesReader } from '../../../src/providers/openai-responses-reader.ts'
import { folded } from './folded.ts'
import { serverSent } from './server-sent.ts'

const request = parseResponses({
  model: 'fast',
  input: 'Hi',
  instructions: 'Be brief.',
  temperature: 0.5,
  stream: true,
})
const reading = { id: 'x', createdSeconds: 1, request }
const usage = { ...noUsage, inputTokens: 5, cacheReadTokens: 3, outputTokens: 2, reasoningTokens: 4 }

const chunk = (delta: ChatDelta, finish?: FinishReason, rest: object = {}): ChatChunk => ({
  id: 'chatcmpl-1',
  created: 7,
  model: 'vendor',
  choices: [{ index: 0, delta, ...(finish && { finish_reason: finish }) }],
  ...rest,
})
const answer = (message: Partial<AssistantMessage>, finish: FinishReason = 'stop'): ChatCompletion => ({
  id: 'chatcmpl-1',
  created: 7,
  model: 'vendor',
  usage,
  choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', content: null, ...message } }],
})

function bytesOf(chunks: readonly ChatChunk[]): (Uint8Array | undefined)[] {
  const printer = responsesPrinter(request)
  return [...chunks.map((one) => printer.print(one)), printer.end()]
}
interface Event {
  readonly type: string
  readonly sequence_number: number
  readonly [field: string]: unknown
}
const events = (chunks: readonly ChatChunk[]): Event[] =>
  serverSent(bytesOf(chunks)).map(({ event, data }) => {
    const parsed = JSON.parse(data)
    expect(parsed.type).toBe(event)
    return parsed
  })

const story = [
  chunk({ role: 'assistant' }),
  chunk({ reasoning_content: 'lo', thinking_blocks: [{ type: 'thinking', thinking: 'lo' }] }),
  chunk({ reasoning_content: 'ok', thinking_blocks: [{ type: 'thinking', thinking: 'ok' }] }),
  chunk({ thinking_blocks: [{ type: 'thinking', thinking: '', signature: 'a+/=' }] }),
  chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: 'b+/=' }] }),
  chunk({ content: 'Look' }),
  chunk({ content: 'ing.' }),
  chunk({ tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '' } }] }),
  chunk({ tool_calls: [{ index: 1, id: 'c2', type: 'custom', function: { name: 'sql', arguments: 'sel' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }),
  chunk({ tool_calls: [{ index: 1, function: { arguments: 'ect' } }] }, 'tool_calls'),
  chunk({}, undefined, { choices: [], usage }),
]

describe('a whole response', () => {
  it('has an item for each thing that was said, and repeats what was asked', () => {
    const printed = printResponse(
      answer(
        {
          content: 'Looking.',
          annotations: [
            { type: 'url_citation', url_citation: { url: 'https://x.test', title: 'X', start_index: 0, end_index: 3 } },
          ],
          thinking_blocks: [{ type: 'thinking', thinking: 'look', signature: 'a+/=' }],
          reasoning_content: 'look',
          tool_calls: [
            {
              id: 'c1',
              type: 'function',
              function: { name: 'f', arguments: '{}' },
              provider_specific_fields: { signature: 's' },
            },
          ],
        },
        'tool_calls',
      ),
      request,
    )
    expect(printed).toMatchObject({
      id: 'resp_1',
      object: 'response',
      created_at: 7,
      status: 'completed',
      model: 'fast',
      instructions: 'Be brief.',
      temperature: 0.5,
      error: null,
      incomplete_details: null,
      usage: {
        input_tokens: 8,
        input_tokens_details: { cached_tokens: 3 },
        output_tokens: 6,
        output_tokens_details: { reasoning_tokens: 4 },
        total_tokens: 14,
      },
    })
    expect(printed.output).toEqual([
      {
        id: 'rs_1_0',
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'look' }],
        encrypted_content: 'tollgate:thinking:a+/=',
      },
      {
        id: 'rs_1_1',
        type: 'reasoning',
        summary: [],
        encrypted_content: 'tollgate:fields:{"call":"c1","fields":{"signature":"s"}}',
      },
      {
        id: 'msg_1_2',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [
          {
            type: 'output_text',
            text: 'Looking.',
            annotations: [{ type: 'url_citation', url: 'https://x.test', title: 'X', start_index: 0, end_index: 3 }],
            logprobs: [],
          },
        ],
      },
      { id: 'fc_1_3', type: 'function_call', status: 'completed', call_id: 'c1', name: 'f', arguments: '{}' },
    ])
  })

  it.each<[FinishReason, string, unknown]>([
    ['stop', 'completed', null],
    ['length', 'incomplete', { reason: 'max_output_tokens' }],
    ['content_filter', 'incomplete', { reason: 'content_filter' }],
  ])('that ended by %s is %s', (finish, status, details) => {
    const printed = printResponse(answer({ content: 'a' }, finish), request)
    expect([printed.status, printed.incomplete_details]).toEqual([status, details])
    expect((printed.output as { status: string }[])[0]?.status).toBe(status)
  })

  it('comes back next turn with every signature, also a call’s', () => {
    const message: AssistantMessage = {
      role: 'assistant',
      content: 'a',
      reasoning_content: 'r',
      thinking_blocks: [
        { type: 'thinking', thinking: 'r', signature: 'a+/=' },
        { type: 'redacted_thinking', data: 'b+/=' },
      ],
      tool_calls: [
        {
          id: 'c1',
          type: 'function',
          function: { name: 'f', arguments: '{}' },
          provider_specific_fields: { thought_signature: 'c+/=' },
        },
      ],
      provider_specific_fields: { thought_signatures: ['d+/='] },
    }
    const { output } = printResponse(answer(message), request)
    expect(parseResponses({ model: 'fast', input: output }).messages).toEqual([message])
  })
})

describe('a streamed response', () => {
  it('is created, adds its items, lets them grow, and is completed with all of them', () => {
    const printed = events(story)
    expect(
      printed.map(
        ({ type, output_index: at }) => `${type.replace('response.', '')}${at === undefined ? '' : ` ${at}`}`,
      ),
    ).toEqual([
      'created',
      'in_progress',
      'output_item.added 0',
      'reasoning_summary_part.added 0',
      'reasoning_summary_text.delta 0',
      'reasoning_summary_text.delta 0',
      'reasoning_summary_text.done 0',
      'reasoning_summary_part.done 0',
      'output_item.done 0',
      'output_item.added 1',
      'output_item.done 1',
      'output_item.added 2',
      'content_part.added 2',
      'output_text.delta 2',
      'output_text.delta 2',
      'output_text.done 2',
      'content_part.done 2',
      'output_item.done 2',
      'output_item.added 3',
      'output_item.added 4',
      'custom_tool_call_input.delta 4',
      'function_call_arguments.delta 3',
      'custom_tool_call_input.delta 4',
      'function_call_arguments.done 3',
      'output_item.done 3',
      'custom_tool_call_input.done 4',
      'output_item.done 4',
      'completed',
    ])
    expect(printed.map((event) => event.sequence_number)).toEqual(printed.map((_, at) => at))
    const {
      output,
      usage: used,
      status,
    } = printed.at(-1)!.response as { output: object[]; usage: object; status: string }
    expect(status).toBe('completed')
    expect(used).toMatchObject({ input_tokens: 8, output_tokens: 6 })
    expect(output).toEqual([
      {
        id: 'rs_1_0',
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'look' }],
        encrypted_content: 'tollgate:thinking:a+/=',
      },
      { id: 'rs_1_1', type: 'reasoning', summary: [], encrypted_content: 'tollgate:redacted:b+/=' },
      {
        id: 'msg_1_2',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'Looking.', annotations: [], logprobs: [] }],
      },
      { id: 'fc_1_3', type: 'function_call', status: 'completed', call_id: 'c1', name: 'f', arguments: '{}' },
      { id: 'ctc_1_4', type: 'custom_tool_call', status: 'completed', call_id: 'c2', name: 'sql', input: 'select' },
    ])
    const done = printed.filter(({ type }) => type === 'response.output_item.done')
    expect(done.map(({ item }) => item)).toEqual(output)
  })

  it('is incomplete when it was cut by length, and so is the item that was cut', () => {
    const last = events([chunk({ content: 'a' }, 'length')]).at(-1)
    expect(last).toMatchObject({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [{ status: 'incomplete' }],
      },
    })
  })

  it('refuses in a part of its own, cites, and shows logprobs', () => {
    const logprobs = { content: [{ token: 'a', logprob: -1, bytes: [97], top_logprobs: [] }], refusal: null }
    const printed = events([
      { ...chunk({ content: 'a' }), choices: [{ index: 0, delta: { content: 'a' }, logprobs }] },
      chunk({ annotations: [{ type: 'url_citation', url_citation: { url: 'https://x.test' } }] }),
      chunk({ refusal: 'No.' }, 'stop'),
    ])
    expect(printed.find(({ type }) => type === 'response.output_text.annotation.added')).toMatchObject({
      annotation_index: 0,
      annotation: { type: 'url_citation', url: 'https://x.test' },
    })
    expect(printed.at(-1)?.response).toMatchObject({
      output: [
        {
          content: [
            { type: 'output_text', text: 'a', annotations: [{ url: 'https://x.test' }], logprobs: logprobs.content },
            { type: 'refusal', refusal: 'No.' },
          ],
        },
      ],
    })
  })

  it('is put together by OpenAI’s own client as the last event says', async () => {
    const bytes = bytesOf(story).filter((one) => one !== undefined)
    const client = new OpenAI({
      apiKey: 'x',
      baseURL: 'https://x.test/v1',
      fetch: async () => new Response(ReadableStream.from(bytes), { headers: { 'content-type': 'text/event-stream' } }),
    })
    const stream = client.responses.stream({ model: 'fast', input: 'Hi' })
    const seen: string[] = []
    stream.on('response.function_call_arguments.delta', ({ snapshot }) => seen.push(snapshot))
    const final = await stream.finalResponse()
    expect(seen).toEqual(['{}'])
    expect(final.output_text).toBe('Looking.')
    expect(final.output.map(({ type }) => type)).toEqual([
      'reasoning',
      'reasoning',
      'message',
      'function_call',
      'custom_tool_call',
    ])
  })

  it('that fails ends with the event that OpenAI’s client raises', async () => {
    const [begin] = bytesOf([chunk({ content: 'a' })])
    const error = responses.errorEvent(new GatewayError('upstream_failed', 'It broke.'), 'r1')
    const client = new OpenAI({
      apiKey: 'x',
      baseURL: 'https://x.test/v1',
      fetch: async () =>
        new Response(ReadableStream.from([begin!, error]), { headers: { 'content-type': 'text/event-stream' } }),
    })
    await expect(client.responses.stream({ model: 'fast', input: 'Hi' }).finalResponse()).rejects.toThrow('It broke.')
  })
})

describe('what goes out and comes in again', () => {
  const text = fc.string({ minLength: 1, maxLength: 8 })
  const signature = fc.base64String({ minLength: 4, maxLength: 12 }).map((sealed) => `openai:rs_9:${sealed}`)
  const delta: fc.Arbitrary<ChatDelta> = fc.oneof(
    text.map((content) => ({ content })),
    text.map((refusal) => ({ refusal })),
    text.map((thinking) => ({
      reasoning_content: thinking,
      thinking_blocks: [{ type: 'thinking' as const, thinking }],
    })),
    fc.tuple(text, signature).map(([thinking, seal]) => ({
      reasoning_content: thinking,
      thinking_blocks: [{ type: 'thinking' as const, thinking, signature: seal }],
    })),
  )
  const calls = fc.array(fc.tuple(text, fc.array(text)), { maxLength: 3 })

  it('is the same, streamed: our printer and our reader agree', () => {
    fc.assert(
      fc.property(fc.array(delta), calls, (deltas, called) => {
        const chunks = [
          ...deltas.map((one) => chunk(one)),
          ...called.flatMap(([name, pieces], index) => [
            chunk({ tool_calls: [{ index, id: `c${index}`, type: 'custom', function: { name, arguments: '' } }] }),
            ...pieces.map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
          ]),
          chunk({}, called.length > 0 ? 'tool_calls' : 'stop', { usage: noUsage }),
        ]
        const reader = openaiResponsesReader(reading)
        const back = folded(serverSent(bytesOf(chunks)).flatMap((event) => reader.read(event)))
        const { message: before, ...end } = folded(chunks).choices[0]!
        const { message: after, ...ended } = back.choices[0]!
        expect([after.content, after.refusal, after.tool_calls, ended]).toEqual([
          before.content,
          before.refusal,
          before.tool_calls,
          end,
        ])
        // Thoughts are parted by a blank line where the next one is an item of its own.
        expect(after.reasoning_content?.replaceAll('\n\n', '')).toBe(before.reasoning_content?.replaceAll('\n\n', ''))
        const seals = (of: AssistantMessage) =>
          (of.thinking_blocks ?? []).flatMap((block) =>
            'signature' in block ? [block.signature?.split(':').at(-1)] : [],
          )
        expect(seals(after)).toEqual(seals(before))
        expect([reader.complete, reader.error, reader.malformed]).toEqual([true, undefined, 0])
      }),
    )
  })

  it('is the same, whole and streamed', () => {
    fc.assert(
      fc.property(fc.array(delta), calls, (deltas, called) => {
        const chunks = [
          ...deltas.map((one) => chunk(one)),
          ...called.map(([name, pieces], index) =>
            chunk({
              tool_calls: [
                { index, id: `c${index}`, type: 'function', function: { name, arguments: pieces.join('') } },
              ],
            }),
          ),
          chunk({}, 'stop', { usage: noUsage }),
        ]
        const stream = serverSent(bytesOf(chunks))
        const whole = openaiResponsesCompletion(JSON.parse(stream.at(-1)!.data).response, reading)
        const reader = openaiResponsesReader(reading)
        const read = folded(stream.flatMap((event) => reader.read(event)))
        const { thinking_blocks: _, ...said } = read.choices[0]!.message
        const { thinking_blocks: __, ...wholly } = whole.choices[0]!.message
        expect(withJson(said)).toEqual(withJson(wholly))
      }),
    )
  })

  /** A call without arguments is `{}` in a whole answer; what a stream leaves out says the same. */
  const withJson = (message: AssistantMessage) => ({
    ...message,
    tool_calls: message.tool_calls?.map((call) => call.function.arguments || '{}'),
  })
})
