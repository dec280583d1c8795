import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatChunk, ChatCompletion, FinishReason } from '../../../src/dialects/chat.ts'
import { completions, parseCompletion } from '../../../src/dialects/completions.ts'
import { GatewayError } from '../../../src/errors.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { serverSent } from './server-sent.ts'

const body = (fields: object) => ({ model: 'fast', prompt: 'Once', ...fields })
const parsed = (fields: object) => parseCompletion(body(fields))
const logprobs = {
  content: [
    { token: ' up', logprob: -0.5, bytes: [], top_logprobs: [{ token: ' up', logprob: -0.5 }] },
    { token: 'on', logprob: -1, bytes: [], top_logprobs: [] },
  ],
}
const answer = (content: string, finish: FinishReason = 'stop'): ChatCompletion => ({
  id: 'chatcmpl-1',
  created: 7,
  model: 'vendor',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish, logprobs }],
  usage: { ...noUsage, inputTokens: 1, outputTokens: 2 },
})

describe('a completion as chat', () => {
  it.each<[object, object]>([
    [{}, {}],
    [{ prompt: ['Once'] }, {}],
    [
      { max_tokens: 5, temperature: 0, stop: ['.'], seed: 1, user: 'u' },
      { max_tokens: 5, temperature: 0, stop: ['.'], seed: 1, user: 'u' },
    ],
    [{ n: 2, best_of: 2 }, { n: 2 }],
    [{ logprobs: 0 }, { logprobs: true }],
    [{ logprobs: 3 }, { logprobs: true, top_logprobs: 3 }],
    [{ suffix: '', echo: false, logprobs: null }, {}],
    [
      { stream: true, stream_options: { include_usage: true } },
      { stream: true, stream_options: { include_usage: true } },
    ],
  ])('%j', (fields, expected) => {
    expect(parsed(fields)).toEqual({ model: 'fast', messages: [{ role: 'user', content: 'Once' }], ...expected })
  })

  it.each<[object, string]>([
    [{ model: '' }, 'model'],
    [{ prompt: undefined }, 'prompt'],
    [{ prompt: '' }, 'prompt'],
    [{ prompt: ['a', 'b'] }, 'prompt'],
    [{ prompt: [1, 2] }, 'prompt'],
    [{ prompt: [[1, 2]] }, 'prompt'],
    [{ suffix: 'end' }, 'suffix'],
    [{ best_of: 3 }, 'best_of'],
    [{ echo: true, logprobs: 1 }, 'logprobs'],
    [{ logprobs: 6 }, 'logprobs'],
    [{ n: 0 }, 'n'],
  ])('%j is refused, naming %s', (fields, param) => {
    expect(() => parsed(fields)).toThrow(expect.objectContaining({ kind: 'invalid_request', details: { param } }))
  })

  it('throws nothing but refusals', () => {
    const fields = fc.dictionary(
      fc.constantFrom('prompt', 'suffix', 'echo', 'logprobs', 'n', 'best_of'),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(fields, (given) => {
        try {
          expect(parsed(given).messages).toHaveLength(1)
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
    )
  })
})

describe('an answer', () => {
  it('is text, with the older lists of probabilities', () => {
    expect(completions.completion(answer(' upon'), parsed({ logprobs: 1 }))).toMatchObject({
      id: 'cmpl-1',
      object: 'text_completion',
      created: 7,
      model: 'fast',
      choices: [
        {
          index: 0,
          text: ' upon',
          finish_reason: 'stop',
          logprobs: {
            tokens: [' up', 'on'],
            token_logprobs: [-0.5, -1],
            top_logprobs: [{ ' up': -0.5 }, {}],
            text_offset: [0, 3],
          },
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    })
  })

  it('repeats the prompt for who wants it, and keeps that from the vendor', () => {
    const request = { ...parsed({ echo: true }) }
    expect(JSON.stringify(request)).not.toContain('echo')
    expect(completions.completion(answer(' upon'), request)).toMatchObject({ choices: [{ text: 'Once upon' }] })
  })

  it.each<[FinishReason, string]>([
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['tool_calls', 'stop'],
  ])('that ended by %s ends by %s', (finish, expected) => {
    expect(completions.completion(answer('a', finish), parsed({}))).toMatchObject({
      choices: [{ finish_reason: expected }],
    })
  })
})

describe('a stream', () => {
  const chunk = (index: number, content: string, finish?: FinishReason): ChatChunk => ({
    id: 'chatcmpl-1',
    created: 7,
    model: 'vendor',
    choices: [
      { index, delta: { role: 'assistant', ...(content && { content }) }, ...(finish && { finish_reason: finish }) },
    ],
  })
  const printed = (fields: object) => {
    const printer = completions.printer(parsed({ stream: true, ...fields }))
    const usage = { ...chunk(0, ''), choices: [], usage: { ...noUsage, outputTokens: 2 } }
    const chunks = [
      chunk(0, ''),
      chunk(0, ' up'),
      chunk(1, ' in'),
      chunk(0, 'on', 'length'),
      chunk(1, '', 'stop'),
      usage,
    ]
    return serverSent([...chunks.map((one) => printer.print(one)), printer.end()]).map(({ data }) =>
      data === '[DONE]' ? data : JSON.parse(data),
    )
  }
  const pieces = (events: { choices?: { index: number; text: string; finish_reason: string }[] }[]) =>
    events.flatMap(({ choices }) => choices ?? []).map((choice) => [choice.index, choice.text, choice.finish_reason])

  it('has text for each choice, and [DONE]', () => {
    const events = printed({ n: 2 })
    expect(pieces(events)).toEqual([
      [0, ' up', null],
      [1, ' in', null],
      [0, 'on', 'length'],
      [1, '', 'stop'],
    ])
    expect(events[0]).toMatchObject({ id: 'cmpl-1', object: 'text_completion', model: 'fast' })
    expect(events.at(-1)).toBe('[DONE]')
    expect(JSON.stringify(events)).not.toContain('usage')
  })

  it('has probabilities at their places in the whole text', () => {
    const printer = completions.printer(parsed({ stream: true, logprobs: 1 }))
    const part = (content: string, ...tokens: string[]) => ({
      ...chunk(0, ''),
      choices: [
        { index: 0, delta: { content }, logprobs: { content: tokens.map((token) => ({ token, logprob: -1 })) } },
      ],
    })
    const events = serverSent([printer.print(part(' upon', ' up', 'on')), printer.print(part(' a', ' a'))])
    expect(events.map(({ data }) => JSON.parse(data).choices[0].logprobs.text_offset)).toEqual([[0, 3], [5]])
  })

  it('repeats the prompt once for each choice, and shows usage to who asked', () => {
    const events = printed({ n: 2, echo: true, stream_options: { include_usage: true } })
    expect(pieces(events).map(([index, text]) => `${index}${text}`)).toEqual(['0Once up', '1Once in', '0on', '1'])
    expect(events.at(-2)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } })
  })
})
