import { describe, expect, it } from 'vitest'
import type { ChatChunk, ChatRequest } from '../../../src/dialects/chat.ts'
import { chatPrinter, printChat, printUsage } from '../../../src/dialects/openai-printer.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { openaiUsage } from '../../../src/providers/openai-usage.ts'

const request: ChatRequest = { model: 'fast', messages: [{ role: 'user', content: 'Hi' }], stream: true }
const usage = { ...noUsage, inputTokens: 5, cacheReadTokens: 3, outputTokens: 2, reasoningTokens: 4 }
const chunk = (delta: object, rest: object = {}, top: object = {}): ChatChunk => ({
  id: 'm1',
  created: 7,
  model: 'vendor',
  choices: [{ index: 0, delta, ...rest }],
  ...top,
})

function printed(chunks: readonly ChatChunk[], of: ChatRequest = request): unknown[] {
  const printer = chatPrinter(of)
  const bytes = [...chunks.map((one) => printer.print(one)), printer.end()]
  const text = bytes.map((one) => new TextDecoder().decode(one)).join('')
  return text
    .trimEnd()
    .split('\n\n')
    .map((event) => event.replace(/^data: /, ''))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)))
}
const deltas = (events: readonly unknown[]) =>
  events.slice(0, -1).map((event) => (event as { choices: { delta: object }[] }).choices[0]?.delta)

describe('a whole answer', () => {
  it('is OpenAI’s, under the name that was asked for', () => {
    expect(
      printChat(
        {
          id: 'm1',
          created: 7,
          model: 'claude-x',
          usage,
          choices: [
            {
              index: 0,
              finish_reason: 'tool_calls',
              message: {
                role: 'assistant',
                content: null,
                reasoning_content: 'r',
                thinking_blocks: [{ type: 'thinking', thinking: 'r', signature: 's=' }],
                tool_calls: [
                  { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } },
                  { id: 'c2', type: 'custom', function: { name: 'sql', arguments: 'select 1' } },
                ],
              },
            },
          ],
        },
        request,
      ),
    ).toEqual({
      id: 'm1',
      object: 'chat.completion',
      created: 7,
      model: 'fast',
      choices: [
        {
          index: 0,
          logprobs: null,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: null,
            refusal: null,
            reasoning_content: 'r',
            thinking_blocks: [{ type: 'thinking', thinking: 'r', signature: 's=' }],
            tool_calls: [
              { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } },
              { id: 'c2', type: 'custom', custom: { name: 'sql', input: 'select 1' } },
            ],
          },
        },
      ],
      usage: {
        prompt_tokens: 8,
        completion_tokens: 6,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 3, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 0 },
        cache_read_input_tokens: 3,
      },
    })
  })

  it('counts so that reading it again gives the same classes', () => {
    const every = { ...usage, inputAudioTokens: 6, inputImageTokens: 7, outputAudioTokens: 8, outputImageTokens: 9 }
    expect(openaiUsage({ usage: printUsage(every) })).toEqual(every)
    expect(printUsage({ ...usage, cacheWriteTokens: 10, cacheWrite1hTokens: 20 })).toMatchObject({
      prompt_tokens: 38,
      cache_creation_input_tokens: 30,
      prompt_tokens_details: {
        cache_creation_token_details: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
      },
    })
  })
})

describe('a stream', () => {
  it('says the role once for each choice, and ends with [DONE]', () => {
    const second = (delta: object): ChatChunk => ({ ...chunk({}), choices: [{ index: 1, delta }] })
    const events = printed([chunk({ role: 'assistant' }), chunk({ content: 'a' }), second({ content: 'b' })])
    expect(deltas(events)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'a' },
      { role: 'assistant', content: 'b' },
    ])
    expect(events[0]).toMatchObject({ id: 'm1', object: 'chat.completion.chunk', created: 7, model: 'fast' })
    expect(events.at(-1)).toBe('[DONE]')
  })

  it('shows usage last, once, and only to who asked', () => {
    const chunks = [
      chunk({ content: 'a' }, {}, { usage: { ...usage, outputTokens: 1 } }),
      chunk({}, { finish_reason: 'stop' }),
      { ...chunk({}), choices: [], usage },
    ]
    expect(JSON.stringify(printed(chunks))).not.toContain('usage')
    const asked = printed(chunks, { ...request, stream_options: { include_usage: true } })
    expect(asked.map((event) => (event as { usage?: unknown }).usage)).toEqual([
      null,
      null,
      expect.objectContaining({ completion_tokens: 6 }),
      undefined,
    ])
    expect(asked.at(-2)).toMatchObject({ choices: [] })
  })

  it('passes thoughts with their signatures, calls in pieces, and a custom tool’s input', () => {
    const events = printed([
      chunk({ reasoning_content: 'r', thinking_blocks: [{ type: 'thinking', thinking: 'r' }] }),
      chunk({ thinking_blocks: [{ type: 'thinking', thinking: '', signature: 'a+/=' }] }),
      chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }),
      chunk({ tool_calls: [{ index: 1, id: 'd', type: 'custom', function: { name: 'sql', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 1, function: { arguments: 'x' } }] }, { finish_reason: 'tool_calls' }),
    ])
    expect(deltas(events)).toEqual([
      {
        role: 'assistant',
        content: '',
        reasoning_content: 'r',
        thinking_blocks: [{ type: 'thinking', thinking: 'r' }],
      },
      { thinking_blocks: [{ type: 'thinking', thinking: '', signature: 'a+/=' }] },
      { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      { tool_calls: [{ index: 1, id: 'd', type: 'custom', custom: { name: 'sql', input: '' } }] },
      { tool_calls: [{ index: 1, custom: { input: 'x' } }] },
    ])
  })
})
