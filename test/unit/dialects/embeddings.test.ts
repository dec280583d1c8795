import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  base64OfVector,
  inputsOf,
  parseEmbeddings,
  printEmbeddings,
  vectorOfBase64,
} from '../../../src/dialects/embeddings.ts'
import { GatewayError } from '../../../src/errors.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { embeddingsUsage, openaiEmbedding, readEmbeddings } from '../../../src/providers/openai-embeddings.ts'
import answer from '../../fixtures/embeddings/answer.json' with { type: 'json' }

const body = (fields: object) => ({ model: 'embed', input: 'Hi', ...fields })

describe('a request', () => {
  it.each<[unknown, unknown]>([
    ['Hi', ['Hi']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[1, 2, 3], [[1, 2, 3]]],
    [
      [[1], [2, 3]],
      [[1], [2, 3]],
    ],
  ])('holds %j', (input, inputs) => {
    expect(inputsOf(parseEmbeddings(body({ input })))).toEqual(inputs)
  })

  it.each<[unknown, string | undefined]>([
    [null, undefined],
    [{ input: 'Hi' }, 'model'],
    [{ model: 'embed' }, 'input'],
    [body({ input: '' }), 'input'],
    [body({ input: [] }), 'input'],
    [body({ input: ['a', ''] }), 'input[1]'],
    [body({ input: ['a', 1] }), 'input[1]'],
    [body({ input: [1, 'a'] }), 'input[0]'],
    [body({ input: [[]] }), 'input[0]'],
    [body({ input: [-1] }), 'input[0]'],
    [body({ input: [{ text: 'a' }] }), 'input[0]'],
    [body({ input: Array(2049).fill('a') }), 'input'],
    [body({ encoding_format: 'int8' }), 'encoding_format'],
    [body({ dimensions: 0 }), 'dimensions'],
  ])('%j is refused, naming %s', (value, param) => {
    expect(() => parseEmbeddings(value)).toThrow(
      expect.objectContaining({ kind: 'invalid_request', details: param === undefined ? {} : { param } }),
    )
  })

  it('throws nothing but refusals', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (input) => {
        try {
          expect(inputsOf(parseEmbeddings(body({ input }))).length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
    )
  })

  it('goes to the vendor with its model and the deployment’s fields, without the gateway’s', () => {
    const target = {
      model: 'text-embedding-3-small',
      apiKey: 'k',
      extraHeaders: {},
      params: { dimensions: 8, user: 'ops' },
    }
    const request = parseEmbeddings(
      body({ input: ['a'], encoding_format: 'base64', dimensions: 2, fallbacks: ['x'], metadata: {} }),
    )
    const [sent] = openaiEmbedding({ apiBase: 'https://api.openai.com/v1' }).embed(request, target)
    expect([sent.url, sent.headers.authorization]).toEqual(['https://api.openai.com/v1/embeddings', 'Bearer k'])
    expect(JSON.parse(sent.body)).toEqual({
      model: 'text-embedding-3-small',
      input: ['a'],
      encoding_format: 'base64',
      dimensions: 2,
      user: 'ops',
    })
  })
})

describe('an answer', () => {
  it('is read in the order of the inputs, in either encoding', () => {
    expect(readEmbeddings(answer, 2)).toEqual({
      model: 'text-embedding-3-small',
      vectors: [
        [1, -2],
        [0.5, -1],
      ],
      usage: { ...noUsage, inputTokens: 8 },
    })
  })

  it('without a vector for each input is a failure', () => {
    const [first] = answer.data
    for (const [body, inputs] of [
      [answer, 3],
      [{ data: [first, first] }, 2],
      [{ data: [{ embedding: 'AAA' }] }, 1],
      [{ data: [{ embedding: ['x'] }] }, 1],
      [null, 1],
    ] as const)
      expect(() => readEmbeddings(body, inputs)).toThrow(expect.objectContaining({ kind: 'upstream_failed' }))
  })

  it('is printed in the encoding that was asked for, under the name that was asked for', () => {
    const read = readEmbeddings(answer, 2)
    const list = (first: unknown, second: unknown) => ({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: first },
        { object: 'embedding', index: 1, embedding: second },
      ],
      model: 'embed',
      usage: { prompt_tokens: 8, total_tokens: 8 },
    })
    expect(printEmbeddings(read, parseEmbeddings(body({})))).toEqual(list([1, -2], [0.5, -1]))
    const inBase64 = parseEmbeddings(body({ encoding_format: 'base64' }))
    expect(printEmbeddings(read, inBase64)).toEqual(list('AACAPwAAAMA=', 'AAAAPwAAgL8='))
  })

  it('loses nothing in base64', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true })), (vector) => {
        expect(vectorOfBase64(base64OfVector(vector))).toEqual(vector)
      }),
    )
  })

  it.each([
    [{ usage: { prompt_tokens: 5, total_tokens: 5 } }, 5],
    [{ usage: { total_tokens: 5 } }, 5],
    [{ usage: {} }, undefined],
    [{}, undefined],
  ])('says in %j that it used %s', (given, tokens) => {
    expect(embeddingsUsage(given)?.inputTokens).toBe(tokens)
  })
})
