import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropic, countTokensAnswer } from '../../../src/dialects/anthropic.ts'
import type { ChatChunk, ChatCompletion, ChatDelta, ChatRequest } from '../../../src/dialects/chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { anthropicCompletion } from '../../../src/providers/anthropic-answer.ts'
import { anthropicReader } from '../../../src/providers/anthropic-reader.ts'
import { answerOf, eventsOf, readAll, reading, streamOf } from '../providers/anthropic-world.ts'

const request: ChatRequest = { model: 'smart', messages: [] }
const head = { id: 'msg_1', created: 0, model: 'm' }
const delta = (said: ChatDelta, rest: object = {}): ChatChunk => ({
  ...head,
  choices: [{ index: 0, delta: said, ...rest }],
})
const begin = (index: number, id: string, args = '') =>
  delta({ tool_calls: [{ index, id, type: 'function', function: { name: 'f', arguments: args } }] })
const args = (index: number, words: string) => delta({ tool_calls: [{ index, function: { arguments: words } }] })
const finish = (finish_reason: string) => delta({}, { finish_reason })

interface Event {
  readonly type: string
  readonly index?: number
  readonly message?: Record<string, unknown>
  readonly content_block?: Record<string, unknown>
  readonly delta?: Record<string, unknown>
  readonly usage?: object
}

function printed(chunks: readonly ChatChunk[]): Event[] {
  const printer = anthropic.printer(request)
  const bytes = [...chunks.map((chunk) => printer.print(chunk)), printer.end()].filter((one) => one !== undefined)
  return eventsOf(bytes).map(({ event, data }) => {
    const parsed: Event = JSON.parse(data)
    expect(parsed.type).toBe(event)
    return parsed
  })
}

/** What Anthropic's SDKs make of the events, and whether their order is the documented one. */
function accumulated(events: readonly Event[]): Record<string, unknown> & { content: Record<string, unknown>[] } {
  const [start, ...rest] = events
  expect(start?.type).toBe('message_start')
  expect(rest.slice(-2).map(({ type }) => type)).toEqual(['message_delta', 'message_stop'])
  const content: Record<string, unknown>[] = []
  const json: string[] = []
  let open: number | undefined
  for (const { type, index, content_block, delta: said } of rest.slice(0, -2)) {
    if (type === 'content_block_start') {
      expect([open, index]).toEqual([undefined, content.length])
      open = index
      content.push({ ...content_block })
      json.push('')
      continue
    }
    expect(index).toBe(open)
    const block = content.at(-1)!
    if (type === 'content_block_stop') {
      open = undefined
      if (json.at(-1) !== '') block.input = JSON.parse(json.at(-1)!)
    } else if (said?.type === 'text_delta') block.text = `${block.text}${said.text}`
    else if (said?.type === 'thinking_delta') block.thinking = `${block.thinking}${said.thinking}`
    else if (said?.type === 'signature_delta') block.signature = said.signature
    else if (said?.type === 'citations_delta') block.citations = [...((block.citations as []) ?? []), said.citation]
    else if (said?.type === 'input_json_delta') json.push(`${json.pop()}${said.partial_json}`)
  }
  expect(open).toBeUndefined()
  const last = rest.at(-2)!
  return { ...start?.message, ...last.delta, ...last, content }
}

const PAIRS = ['text', 'tools', 'thinking', 'search', 'refusal', 'paused', 'interleaved', 'compacted']
const tidy = (content: unknown) =>
  (content as Record<string, unknown>[]).map(({ caller, ...block }) =>
    (caller as { type?: string } | undefined)?.type === 'direct' || caller === undefined ? block : { ...block, caller },
  )

describe('an answer of Claude', () => {
  it.each(PAIRS)('is printed as it was: %s', (name) => {
    const answer = answerOf(name)
    const shown = anthropic.completion(anthropicCompletion(answer, reading), request) as typeof answer
    expect(tidy(shown.content)).toEqual(tidy(answer.content))
    const { id, type, role, stop_reason, stop_sequence, stop_details, container } = answer
    expect(shown).toMatchObject({
      id,
      type,
      role,
      stop_reason: name === 'interleaved' ? 'tool_use' : stop_reason,
      stop_sequence,
      model: 'smart',
    })
    expect([shown.stop_details, shown.container, shown.context_management]).toEqual([
      stop_details,
      container,
      answer.context_management,
    ])
  })

  it.each(PAIRS)('is streamed as it was: %s', (name) => {
    const answer = answerOf(name)
    const shown = accumulated(printed(readAll(anthropicReader(reading), [streamOf(name)])))
    expect(tidy(shown.content)).toEqual(tidy(answer.content))
    expect(shown.context_management).toEqual(answer.context_management)
    expect([shown.stop_reason, shown.stop_sequence]).toEqual([
      name === 'interleaved' ? 'tool_use' : answer.stop_reason,
      answer.stop_sequence,
    ])
  })

  it('counts as Anthropic counts', () => {
    const shown = anthropic.completion(anthropicCompletion(answerOf('thinking'), reading), request)
    expect(shown).toMatchObject({
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 3000,
        cache_read_input_tokens: 7000,
        cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
        output_tokens: 50,
        service_tier: 'priority',
      },
    })
  })
})

describe('an answer of another vendor', () => {
  const answer = (message: object, rest: object = {}): ChatCompletion => ({
    ...head,
    choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: 'stop', ...rest }],
  })
  const shown = (...given: Parameters<typeof answer>) => anthropic.completion(answer(...given), request)

  it('shows thoughts that nobody signed, and what hangs on a call', () => {
    const aside = { thought_signature: 'c2ln' }
    const tool_calls = [
      { id: 't', type: 'function', function: { name: 'f', arguments: '' }, provider_specific_fields: aside },
    ]
    expect(shown({ reasoning_content: 'Hm.', content: 'a', tool_calls })).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: '' },
        { type: 'text', text: 'a' },
        { type: 'tool_use', id: 't', name: 'f', input: {}, provider_specific_fields: aside },
      ],
      stop_reason: 'tool_use',
    })
  })

  it.each([
    ['stop', {}, 'end_turn'],
    ['length', {}, 'max_tokens'],
    ['content_filter', {}, 'refusal'],
    ['stop', { refusal: 'No.' }, 'refusal'],
    ['stop', { tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }] }, 'tool_use'],
    ['tool_calls', {}, 'end_turn'],
  ])('that ended by %s with %j ends as %s', (finish_reason, message, stop_reason) => {
    expect(shown(message, { finish_reason })).toMatchObject({ stop_reason })
  })

  it('shows arguments that were cut off as what they are', () => {
    const tool_calls = [{ id: 't', type: 'function', function: { name: 'f', arguments: '{"a":' } }]
    expect(shown({ tool_calls }, { finish_reason: 'length' })).toMatchObject({
      content: [{ input: { input: '{"a":' } }],
    })
  })

  it('cites addresses', () => {
    const annotations = [
      { type: 'url_citation', url_citation: { url: 'https://x.test', title: 'X', start_index: 0, end_index: 1 } },
    ]
    expect(shown({ content: 'a', annotations })).toMatchObject({
      content: [{ text: 'a', citations: [{ type: 'web_search_result_location', url: 'https://x.test', title: 'X' }] }],
    })
  })
})

describe('a stream of another vendor', () => {
  it('says its usage at the end, also when it comes after the finish', () => {
    const usage = { ...noUsage, inputTokens: 7, cacheReadTokens: 3, outputTokens: 4, reasoningTokens: 5 }
    const events = printed([
      delta({ role: 'assistant' }),
      delta({ content: 'Hi' }),
      finish('stop'),
      { ...head, choices: [], usage },
    ])
    expect(events.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(events[0]?.message).toMatchObject({
      id: 'msg_1',
      model: 'smart',
      usage: { input_tokens: 0, output_tokens: 0 },
    })
    expect(events[4]).toMatchObject({
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { input_tokens: 7, cache_read_input_tokens: 3, output_tokens: 9 },
    })
  })

  it('sends every word at once', () => {
    const printer = anthropic.printer(request)
    for (const word of ['a', 'b']) {
      const bytes = printer.print(delta({ content: word }))
      expect(new TextDecoder().decode(bytes)).toContain(`"text":"${word}"`)
    }
    expect(printer.print({ ...head, choices: [] })).toBeUndefined()
  })

  it('signs thoughts that nobody signed with nothing, and closes them before the words', () => {
    const shown = accumulated(
      printed([delta({ reasoning_content: 'H' }), delta({ reasoning_content: 'm' }), delta({ content: 'a' })]),
    )
    expect(shown.content).toEqual([
      { type: 'thinking', thinking: 'Hm', signature: '' },
      { type: 'text', text: 'a' },
    ])
  })

  it('keeps calls whole that come side by side', () => {
    const chunks = [begin(0, 'a', '{"x":'), begin(1, 'b', '{"y"'), args(0, '1}'), args(1, ':2}'), finish('tool_calls')]
    const { content, stop_reason } = accumulated(printed(chunks))
    expect(content).toEqual([
      { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
      { type: 'tool_use', id: 'b', name: 'f', input: { y: 2 } },
    ])
    expect(stop_reason).toBe('tool_use')
  })

  it('ends a call as tool_use though the vendor says stop', () => {
    expect(accumulated(printed([begin(0, 'a', '{}'), finish('stop')])).stop_reason).toBe('tool_use')
  })

  it('that said nothing is an empty message', () => {
    expect(accumulated(printed([]))).toMatchObject({ content: [], stop_reason: 'end_turn' })
  })

  it('gives the same message however words and arguments are cut, in whatever order calls come', () => {
    const calls = fc.array(fc.dictionary(fc.string(), fc.integer(), { maxKeys: 3 }), { maxLength: 4 })
    fc.assert(
      fc.property(fc.string(), calls, fc.array(fc.nat()), (words, inputs, dice) => {
        const queues = inputs.map((input, index) => {
          const text = JSON.stringify(input)
          const pieces = text.match(/.{1,4}/gsu) ?? []
          return [begin(index, `t${index}`), ...pieces.map((piece) => args(index, piece))]
        })
        const chunks = [...words].map((char) => delta({ content: char }))
        let turn = 0
        while (queues.some((queue) => queue.length > 0)) {
          const waiting = queues.filter((queue) => queue.length > 0)
          chunks.push(waiting[(dice[turn++ % Math.max(1, dice.length)] ?? 0) % waiting.length]!.shift()!)
        }
        const { content } = accumulated(printed(chunks))
        expect(content.filter(({ type }) => type === 'text')).toEqual(
          words === '' ? [] : [{ type: 'text', text: words }],
        )
        const shown = content
          .filter(({ type }) => type === 'tool_use')
          .toSorted((a, b) => String(a.id).localeCompare(String(b.id)))
        expect(shown).toEqual(inputs.map((input, index) => ({ type: 'tool_use', id: `t${index}`, name: 'f', input })))
      }),
    )
  })
})

describe('errors', () => {
  it.each([
    [new GatewayError('invalid_request', 'x'), 'invalid_request_error'],
    [new GatewayError('context_window_exceeded', 'x'), 'invalid_request_error'],
    [new GatewayError('auth_error', 'x'), 'authentication_error'],
    [new GatewayError('expired_key', 'x'), 'authentication_error'],
    [new GatewayError('key_model_access_denied', 'x'), 'permission_error'],
    [new GatewayError('forbidden', 'x'), 'permission_error'],
    [new GatewayError('model_not_found', 'x'), 'not_found_error'],
    [new GatewayError('budget_exceeded', 'x'), 'rate_limit_error'],
    [new GatewayError('rate_limited', 'x'), 'rate_limit_error'],
    [new GatewayError('body_too_large', 'x'), 'request_too_large'],
    [new GatewayError('timeout', 'x'), 'timeout_error'],
    [new GatewayError('upstream_failed', 'x'), 'api_error'],
    [new GatewayError('upstream_failed', 'x', { status: 529 }), 'overloaded_error'],
    [new GatewayError('internal', 'x'), 'api_error'],
  ])('have Anthropic’s types: $kind', (error, type) => {
    expect(anthropic.errorBody(error, 'r1')).toMatchObject({
      type: 'error',
      error: { type, message: 'x' },
      request_id: 'r1',
    })
  })

  it('end a stream as a named event, with their facts', () => {
    const error = new GatewayError('budget_exceeded', 'Line\nbreak.', { param: 'model', facts: { scope: 'key:1@30d' } })
    const [event] = eventsOf([anthropic.errorEvent(error, 'r1')])
    expect(event?.event).toBe('error')
    expect(JSON.parse(event!.data)).toEqual({
      type: 'error',
      error: {
        type: 'rate_limit_error',
        message: 'Line\nbreak.',
        code: '429',
        param: 'model',
        facts: { scope: 'key:1@30d' },
      },
      request_id: 'r1',
    })
  })
})

it('counts tokens in one field', () => {
  expect(countTokensAnswer(14)).toEqual({ input_tokens: 14 })
})
