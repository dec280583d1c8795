import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { completion, errorBody, errorEvent, parseChat } from '../../../src/dialects/openai.ts'
import { GatewayError } from '../../../src/errors.ts'
import answer from '../../fixtures/openai/answer.json' with { type: 'json' }

const hi = { role: 'user', content: 'Hi' }
const body = (fields: object) => ({ model: 'fast', messages: [hi], ...fields })

function refusal(value: unknown): GatewayError {
  try {
    parseChat(value)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('parseChat', () => {
  it('gives the body itself, with whatever else it has', () => {
    const value = body({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hi' },
            { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: '4' },
      ],
      stream: null,
      max_tokens: null,
      temperature: 0.5,
      something_new: [1],
    })
    expect(parseChat(value)).toBe(value)
  })

  it.each([
    [null, undefined, 'The body must be a JSON object.'],
    [[], undefined, 'The body must be a JSON object.'],
    ['text', undefined, 'The body must be a JSON object.'],
    [{ messages: [hi] }, 'model', 'model must be a string.'],
    [body({ model: '' }), 'model', 'model must not be empty.'],
    [{ model: 'fast' }, 'messages', 'messages must be a list.'],
    [body({ messages: [] }), 'messages', 'messages must not be empty.'],
    [body({ messages: [hi, hi, { content: 'Hi' }] }), 'messages[2].role', 'messages[2].role must be a string.'],
    [body({ messages: [hi, 'Hi'] }), 'messages[1]', 'messages[1] must be an object.'],
    [
      body({ messages: [{ role: 'user', content: 5 }] }),
      'messages[0].content',
      'messages[0].content must be a string, a list of content parts or null.',
    ],
    [
      body({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, { text: 'b' }] }] }),
      'messages[0].content[1].type',
      'messages[0].content[1].type must be a string.',
    ],
    [body({ stream: 'yes' }), 'stream', 'stream must be true or false.'],
    [body({ stream_options: true }), 'stream_options', 'stream_options must be an object.'],
    [body({ max_tokens: 0 }), 'max_tokens', 'max_tokens must be a whole number above 0.'],
    [body({ max_tokens: 1.5 }), 'max_tokens', 'max_tokens must be a whole number above 0.'],
    [
      body({ max_completion_tokens: Number.POSITIVE_INFINITY }),
      'max_completion_tokens',
      'max_completion_tokens must be a whole number above 0.',
    ],
    [body({ n: '3' }), 'n', 'n must be a whole number above 0.'],
    [body({ user: 7 }), 'user', 'user must be a string.'],
    [body({ metadata: 'x' }), 'metadata', 'metadata must be an object.'],
    [body({ tools: {} }), 'tools', 'tools must be a list.'],
  ])('refuses %j, naming the field', (value, param, message) => {
    const error = refusal(value)
    expect([error.kind, error.details.param, error.message]).toEqual(['invalid_request', param, message])
  })

  it('answers every JSON value with a request or a refusal, never with a failure', () => {
    const bodies = fc.oneof(fc.jsonValue(), fc.record({ model: fc.jsonValue(), messages: fc.array(fc.jsonValue()) }))
    fc.assert(
      fc.property(bodies, (value) => {
        try {
          expect(parseChat(value)).toBe(value)
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
          expect((error as GatewayError).status).toBe(400)
          expect((error as GatewayError).message).toMatch(/ must /)
        }
      }),
    )
  })
})

describe('errors', () => {
  it("have OpenAI's shape, the request's id and the facts", () => {
    const error = new GatewayError('budget_exceeded', 'Too much.', { param: 'model', facts: { scope: 'key:1@30d' } })
    expect(errorBody(error, 'r1')).toEqual({
      error: {
        message: 'Too much.',
        type: 'budget_exceeded',
        param: 'model',
        code: '429',
        request_id: 'r1',
        facts: { scope: 'key:1@30d' },
      },
    })
    expect(errorBody(new GatewayError('internal', 'Oh.'), 'r1').error).toMatchObject({ param: null, code: '500' })
  })

  it('end a stream as one event', () => {
    const event = new TextDecoder().decode(errorEvent(new GatewayError('upstream_failed', 'Line\nbreak.'), 'r1'))
    expect(event).toMatch(/^data: \{"error":\{"message":"Line\\nbreak\.".*\}\}\n\n$/)
  })
})

describe('completion', () => {
  const read = (group: string, text = JSON.stringify(answer, null, 2)) => completion(text, JSON.parse(text), group)

  it('changes the model and not one other character', () => {
    const text = JSON.stringify(answer, null, 2)
    expect(read('fast')).toBe(text.replace('"gpt-4o-mini-2024-07-18"', '"fast"'))
    expect(read('a "b" é', text)).toBe(text.replace('"gpt-4o-mini-2024-07-18"', '"a \\"b\\" é"'))
  })

  it('finds the model behind text that looks like one', () => {
    const text = '{"choices":[{"message":{"content":"é \\"model\\":\\"x\\"","model":"inner"}}],"model":"m","big":1e400}'
    expect(read('fast', text)).toBe(text.replace('"model":"m"', '"model":"fast"'))
  })

  it('leaves alone what has no model, or the right one', () => {
    expect(read('m', '{"model":"m", "a":1.0}')).toBe('{"model":"m", "a":1.0}')
    expect(read('fast', '{"id":"x"}')).toBe('{"id":"x"}')
    expect(read('fast', '[1]')).toBe('[1]')
  })
})
