import { describe, expect, it, vi } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { LINGER_MS } from '../../../src/streams/reads.ts'
import { chunk, streamed, usageChunk } from '../../support/gateway-world.ts'
import { claudeLines, responseLines, type Script, streamWorld } from './stream-world.ts'

const role = chunk({ role: 'assistant', content: '' })
const word = (content: string) => chunk({ content })
const finish = chunk({}, 'stop')
const whole = [role, word('Hello'), finish, usageChunk(5, 2), '[DONE]']

describe('nothing is shown before it is known to be an answer', () => {
  it.each<[string, Script, string]>([
    ['an error in the first event', [role, '{"error":{"message":"overloaded","code":503}}'], 'upstream_failed'],
    [
      'a rate limit in the first event',
      ['{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'],
      'rate_limited',
    ],
    ['an end without a word', [role], 'upstream_failed'],
    ['nothing but [DONE]', ['[DONE]'], 'upstream_failed'],
    ['an empty 200', [], 'upstream_failed'],
    ['events that nobody can read', ['{"choices":[{"del', '{{{'], 'upstream_failed'],
    ['another content type', () => Response.json({ choices: [] }), 'upstream_failed'],
    ['a page', () => new Response('<html></html>', { headers: { 'content-type': 'text/html' } }), 'upstream_failed'],
    [
      'an error where a stream was due',
      () => Response.json({ error: { message: 'Slow down', code: 'rate_limit_exceeded' } }),
      'rate_limited',
    ],
    [
      'words of a proxy',
      () => new Response('no upstream', { headers: { 'content-type': 'text/plain' } }),
      'upstream_failed',
    ],
    ['a connection lost before the first word', () => streamed([role], true), 'upstream_failed'],
  ])('%s throws, and its connection is let go of', async (_, script, kind) => {
    const world = streamWorld([script])
    await expect(world.ask()).rejects.toMatchObject({ kind })
    expect(world.open()).toBe(0)
    expect(world.ends).toEqual([])
  })

  it.each(['text/plain; charset=utf-8', 'application/octet-stream', ''])(
    'takes a stream that is sent as "%s"',
    async (type) => {
      const script = () => {
        const { body } = streamed(whole)
        return new Response(body, { headers: type === '' ? {} : { 'content-type': type } })
      }
      expect(await (await streamWorld([script]).ask()).text()).toContain('[DONE]')
    },
  )

  it('shows what was held back first, and byte for byte', async () => {
    const text = await (await streamWorld([whole]).ask()).text()
    expect(text).toBe(
      [...[role, word('Hello'), finish].map((line) => line.replace('gpt-4o-mini-2024-07-18', 'small')), '[DONE]']
        .map((line) => `data: ${line}\n\n`)
        .join(''),
    )
  })

  it.each([
    ['a tool call', chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '' } }] })],
    ['a thought', chunk({ reasoning_content: 'Hm' })],
    ['a finish', finish],
  ])('takes %s for an answer', async (_, line) => {
    const world = streamWorld([() => endless([role, line])])
    const response = await world.ask()
    expect(response.status).toBe(200)
    await response.body?.cancel()
    expect(world.open()).toBe(0)
  })

  it('makes a failure of an answer that the filter kept back, where a fallback is meant for that', async () => {
    const lines = [role, chunk({}, 'content_filter'), '[DONE]']
    expect((await streamWorld([lines]).ask()).status).toBe(200)
    await expect(streamWorld([lines], { filterFails: true }).ask()).rejects.toMatchObject({
      kind: 'content_policy_violation',
    })
  })
})

describe('a stream that breaks off', () => {
  const broken: Script = () => streamed([role, word('Once upon a time '), word('there was')], true)

  it('ends with an error event and no [DONE]', async () => {
    const world = streamWorld([broken])
    const text = await (await world.ask()).text()
    expect(text).toContain('there was')
    expect(text).toContain('"type":"upstream_error"')
    expect(text).not.toContain('[DONE]')
    await world.rest()
    expect(world.ends).toMatchObject([{ status: 'failure', usage_estimated: true }])
  })

  it('ends so too where what it says cannot be told, and is settled', async () => {
    const broken: Dialect = {
      ...anthropic,
      printer(request) {
        const { print, end } = anthropic.printer(request)
        let events = 0
        return {
          print(chunk) {
            events += 1
            if (events > 2) throw new TypeError('nobody thought of this')
            return print(chunk)
          },
          end,
        }
      },
    }
    const world = streamWorld([[role, word('a'), word('b'), finish, '[DONE]']], { dialect: broken })
    const text = await (await world.ask()).text()
    expect(text).toContain('event: error')
    expect(text).not.toContain('message_stop')
    await world.rest()
    expect(world.ends.map(({ status }) => status)).toEqual(['failure'])
  })

  it('is gone on with by another, as one answer', async () => {
    const world = streamWorld([broken, [role, word(' a king.'), finish, usageChunk(40, 4), '[DONE]']], {
      continues: true,
      fields: { stream_options: { include_usage: true } },
    })
    const { said, chunks, text } = await world.read()
    expect(said).toBe('Once upon a time there was a king.')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(new Set(chunks.map(({ model }) => model))).toEqual(new Set(['small']))
    expect(chunks.filter(({ choices }) => choices[0]?.delta.role !== undefined)).toHaveLength(1)
    expect(chunks.flatMap(({ choices }) => choices[0]?.delta.provider_specific_fields ?? [])).toEqual([
      { continued_by: 'small' },
    ])
    await world.rest()
    expect(world.ends.map(({ status }) => status)).toEqual(['failure', 'success'])
    expect(world.ends[1]).toMatchObject({ prompt_tokens: 40, completion_tokens: 4 })
    const told = chunks.at(-1)?.usage
    expect(told?.total_tokens).toBe(44 + (world.ends[0]?.total_tokens ?? 0))
    expect(world.asked[1]?.messages.slice(-2)).toMatchObject([
      { role: 'assistant', content: 'Once upon a time there was' },
      { role: 'user' },
    ])
  })

  it('is gone on with for a caller of another dialect, through every break', async () => {
    const world = streamWorld(
      [
        () => streamed(claudeLines(['One, two, thirty-three, ']), true),
        () => streamed([role, word('thirty-three, four, '), word('five, ')], true),
        [role],
        [role, word('six.'), finish, '[DONE]'],
      ],
      { continues: true, dialect: anthropic, vendors: ['anthropic', 'openai', 'openai', 'openai'] },
    )
    const text = await (await world.ask()).text()
    const said = [...text.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, part]) => part).join('')
    expect(said).toBe('One, two, thirty-three, four, five, six.')
    expect(text.match(/"type":"message_start"/g)).toHaveLength(1)
    expect(text.match(/"type":"content_block_start"/g)).toHaveLength(1)
    expect(text.match(/"type":"message_stop"/g)).toHaveLength(1)
    await world.rest()
    expect(world.ends.map(({ status }) => status)).toEqual(['failure', 'failure', 'failure', 'success'])
  })

  describe('in Responses of a vendor that speaks them too', () => {
    const vendors = ['responses', 'openai'] as const
    const eventsIn = (text: string) =>
      [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json!) as Record<string, unknown>)

    it.each<[string, readonly ('responses' | 'openai')[], Script]>([
      ['of a vendor of chat completions', ['responses', 'openai'], [role, word(' a king.'), finish, usageChunk(9, 4)]],
      ['of the same kind', ['responses', 'responses'], responseLines([' a', ' king.'], true)],
    ])('is gone on with by another %s, as one response', async (_, vendors, next) => {
      const first: Script = () => streamed(responseLines(['Once upon a time ', 'there was']), true)
      const world = streamWorld([first, next], { continues: true, dialect: responses, vendors })
      const events = eventsIn(await (await world.ask()).text())
      expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, at) => at))
      const deltas = events.filter(({ type }) => type === 'response.output_text.delta')
      expect(deltas.map(({ delta }) => delta).join('')).toBe('Once upon a time there was a king.')
      const named = events.flatMap(({ item_id }) => item_id ?? [])
      expect(new Set(named)).toEqual(new Set(['msg_one']))
      expect(events.filter(({ type }) => type === 'response.output_item.added')).toHaveLength(1)
      expect(events.at(-1)).toMatchObject({
        type: 'response.completed',
        response: {
          id: 'resp_one',
          metadata: { continued_by: 'small' },
          status: 'completed',
          output: [{ id: 'msg_one', content: [{ text: 'Once upon a time there was a king.' }] }],
        },
      })
      await world.rest()
      expect(world.ends.map(({ status }) => status)).toEqual(['failure', 'success'])
    })

    it.each([
      ['the text is over', responseLines(['Once'], true).slice(0, -1)],
      [
        'a call has begun',
        [
          ...responseLines(['Once']),
          JSON.stringify({
            type: 'response.output_item.added',
            sequence_number: 5,
            output_index: 1,
            item: { id: 'fc_1', type: 'function_call', call_id: 'c', name: 'f', arguments: '' },
          }),
        ],
      ],
    ])('is not gone on with once %s', async (_, lines) => {
      const script: Script = () => streamed(lines, true)
      const world = streamWorld([script, whole], { continues: true, dialect: responses, vendors })
      const text = await (await world.ask()).text()
      expect(text).toContain('event: error')
      expect(text).not.toContain('response.completed')
      expect(world.asked).toHaveLength(1)
    })
  })

  it('ends with the error event where nobody can go on', async () => {
    const world = streamWorld([broken, [role]], { continues: true })
    const text = await (await world.ask()).text()
    expect(text).toContain('"type":"upstream_error"')
    expect(text).not.toContain('[DONE]')
    await world.rest()
    expect(world.ends.map(({ status }) => status)).toEqual(['failure', 'failure'])
  })

  it.each([
    ['a tool call', [word('Let me see.'), chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f' } }] })], {}],
    ['a thought', [chunk({ reasoning_content: 'Hm' }), word('So')], {}],
    ['structured output', [word('{"a":')], { response_format: { type: 'json_object' } }],
    ['several answers', [word('One')], { n: 2 }],
  ])('is never gone on with once it has begun %s', async (_, lines, fields) => {
    const world = streamWorld([() => streamed([role, ...lines], true), whole], { continues: true, fields })
    const text = await (await world.ask()).text()
    expect(text).toContain('"type":"upstream_error"')
    expect(text).not.toContain('[DONE]')
    expect(world.asked).toHaveLength(1)
  })

  it.each([
    ['a tool call', { type: 'tool_use', id: 'toolu_1', name: 'look_up', input: {} }],
    ['a thought', { type: 'thinking', thinking: '' }],
  ])('is not gone on with once %s has begun, where it is translated either', async (_, content_block) => {
    const delta =
      content_block.type === 'thinking'
        ? { type: 'thinking_delta', thinking: 'Let me see.' }
        : { type: 'input_json_delta', partial_json: '{"animal":"f' }
    const begun = [
      ...claudeLines(['Let me see.']),
      JSON.stringify({ type: 'content_block_start', index: 1, content_block }),
      JSON.stringify({ type: 'content_block_delta', index: 1, delta }),
    ]
    const world = streamWorld([begun, [word('No.')]], { continues: true, vendors: ['anthropic', 'openai'] })
    const text = await (await world.ask()).text()
    expect(world.asked).toHaveLength(1)
    expect(text).toContain('"error"')
    expect(text).not.toContain('[DONE]')
  })

  it('lets go of the one that goes on when the client leaves', async () => {
    const world = streamWorld([broken, () => endless([role, word('a king')])], { continues: true })
    const reader = (await world.ask()).body?.getReader()
    let text = ''
    for (let piece = await reader?.read(); piece?.value; piece = await reader?.read()) {
      text += new TextDecoder().decode(piece.value)
      if (text.includes('a king')) break
    }
    expect(text).toContain('a king')
    await reader?.cancel('gone')
    await world.rest()
    expect(world.ends.map(({ status }) => status)).toEqual(['failure', 'cancelled'])
    expect(world.open()).toBe(0)
  })
})

it('leaves out an event that nobody can read, in every way of passing on', async () => {
  const lines = [role, word('a'), '{"choices":[{"del', word('b'), finish, '[DONE]']
  expect((await streamWorld([lines]).read()).said).toBe('ab')
  const translated = await (await streamWorld([lines], { dialect: anthropic }).ask()).text()
  expect([...translated.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, part]) => part).join('')).toBe('ab')
  const [start = '', ...rest] = claudeLines(['a', 'b'], true)
  const passed = streamWorld([[start, '{"type":"content_bl', ...rest]], { dialect: anthropic, vendors: ['anthropic'] })
  const text = await (await passed.ask()).text()
  expect(text).not.toContain('content_bl\n')
  expect(text).toContain('message_stop')
})

it.each([openaiChat, anthropic])(
  'does not wait for a vendor that has said everything and does not hang up: $name',
  async (dialect) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const world = streamWorld([() => endless([role, word('Hello'), finish])], { dialect })
      const asked = world.ask().then((response) => response.text())
      await vi.advanceTimersByTimeAsync(LINGER_MS)
      expect(await asked).toContain('Hello')
      vi.useRealTimers()
      await world.rest()
      expect(world.ends).toMatchObject([{ status: 'success' }])
      expect(world.open()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  },
)

/** A stream that says this and then nothing, without hanging up. */
function endless(lines: readonly string[]): Response {
  const encoder = new TextEncoder()
  const left = [...lines]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const line = left.shift()
      if (line === undefined) return new Promise(() => {})
      controller.enqueue(encoder.encode(`data: ${line}\n\n`))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

it('charges what the vendor counted, where its usage comes just after the longest time that a call may last', async () => {
  const slow: Script = () => {
    const said = streamed([role, word('Hello'), finish])
    const late = streamed([usageChunk(40, 4), '[DONE]'])
    return new Response(
      (async function* () {
        if (said.body) yield* said.body
        await new Promise((resolve) => setTimeout(resolve, 350))
        if (late.body) yield* late.body
      })() as unknown as BodyInit,
      { headers: { 'content-type': 'text/event-stream' } },
    )
  }
  const world = streamWorld([slow], { headers: { 'x-tollgate-total-timeout': '0.2' } })
  expect(await (await world.ask()).text()).toContain('[DONE]')
  await world.rest()
  expect(world.ends).toMatchObject([{ status: 'success', usage_estimated: false, prompt_tokens: 40 }])
})
