import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { textCompletionOpenai as vendor } from '../../../src/providers/text-completion-openai.ts'

const target: Target = { model: 'gpt-3.5-turbo-instruct', apiKey: 'sk-test', extraHeaders: {}, params: {} }
const request: ChatRequest = { model: 'm', messages: [{ role: 'user', content: 'Once upon' }] }
const sent = (asked: object, to: object = {}) =>
  JSON.parse(vendor.chat({ ...request, ...asked }, { ...target, ...to }).body)
const reading = { id: 'chatcmpl-1', createdSeconds: 1, request }

describe('the older completions', () => {
  it('are asked at their own address, with the only message of the user as the prompt', () => {
    const { url } = vendor.chat(request, target)
    expect(url).toBe('https://api.openai.com/v1/completions')
    expect(vendor.chat(request, { ...target, apiBase: 'http://gpu:8000/v1' }).url).toBe(
      'http://gpu:8000/v1/completions',
    )
    const asked = { max_completion_tokens: 9, stop: ['.'], n: 2, temperature: 0, seed: 4, user: 'u', store: true }
    expect(sent(asked)).toEqual({
      model: 'gpt-3.5-turbo-instruct',
      prompt: 'Once upon',
      max_tokens: 9,
      stop: ['.'],
      n: 2,
      temperature: 0,
      seed: 4,
      user: 'u',
    })
  })

  it('have a conversation written down, to be gone on with', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Who?' },
    ]
    expect(sent({ messages }).prompt).toBe(
      'System: Be brief.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: Who?\n\nAssistant:',
    )
  })

  it('have as many likely tokens as chat asks for, up to five', () => {
    expect(sent({ logprobs: true })).toMatchObject({ logprobs: 0 })
    expect(sent({ logprobs: true, top_logprobs: 3 })).toMatchObject({ logprobs: 3 })
    expect(() => sent({ logprobs: true, top_logprobs: 9 })).toThrow(/top_logprobs/)
    expect(sent({ logprobs: true, top_logprobs: 9 }, { dropParams: true })).toMatchObject({ logprobs: 5 })
    expect(sent({ logprobs: false })).not.toHaveProperty('logprobs')
  })

  it.each([
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }, 'messages'],
  ])('refuse %j by name', (asked, name) => {
    expect(() => sent(asked)).toThrow(name)
  })

  it('answer as a chat does, whole', () => {
    const answer = {
      id: 'cmpl-1',
      object: 'text_completion',
      created: 5,
      model: 'gpt-3.5-turbo-instruct',
      choices: [
        {
          text: ' a time',
          index: 0,
          finish_reason: 'length',
          logprobs: {
            tokens: [' a', ' time'],
            token_logprobs: [-0.1, -0.2],
            top_logprobs: [{ ' a': -0.1, ' the': -3 }, { ' time': -0.2 }],
            text_offset: [0, 2],
          },
        },
      ],
      usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
    }
    const { choices, usage } = vendor.completion(answer, reading)
    expect(choices[0]).toMatchObject({
      index: 0,
      finish_reason: 'length',
      message: { role: 'assistant', content: ' a time' },
      logprobs: {
        content: [
          { token: ' a', logprob: -0.1, top_logprobs: [{ token: ' a' }, { token: ' the', logprob: -3 }] },
          { token: ' time', logprob: -0.2 },
        ],
      },
    })
    expect([usage, vendor.usage(answer)].map((one) => [one?.inputTokens, one?.outputTokens])).toEqual([
      [2, 2],
      [2, 2],
    ])
  })

  it('answer in pieces, and end with what was used', () => {
    const reader = vendor.reader(reading)
    const piece = (fields: object) => ({
      data: JSON.stringify({ id: 'cmpl-1', object: 'text_completion', created: 5, model: 'm', ...fields }),
    })
    const chunks = [
      piece({ choices: [{ text: ' a', index: 0, finish_reason: null, logprobs: null }] }),
      piece({ choices: [{ text: ' time', index: 0, finish_reason: null, logprobs: null }] }),
      piece({ choices: [{ text: '', index: 0, finish_reason: 'stop', logprobs: null }] }),
      piece({ choices: [], usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 } }),
      { data: '[DONE]' },
    ].flatMap((event) => reader.read(event))
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(' a time')
    expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['stop'])
    expect(chunks.flatMap(({ usage }) => usage ?? [])).toMatchObject([{ inputTokens: 2, outputTokens: 2 }])
    expect([reader.complete, reader.error, reader.malformed]).toEqual([true, undefined, 0])
  })
})
