import { describe, expect, it } from 'vitest'
import { readJsonObject } from '../../../src/middleware/body.ts'

const request = (body: BodyInit | ReadableStream, headers: Record<string, string> = {}) =>
  new Request('http://gateway.test/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
const read = (body: BodyInit | ReadableStream, headers?: Record<string, string>, max = 1_000) =>
  readJsonObject(request(body, headers), max)
const json = { 'content-type': 'application/json' }
const bytes = (...values: number[]) => new Uint8Array(values)
const utf16 = (text: string) => bytes(...[...text].flatMap((c) => [c.charCodeAt(0), 0]))

describe('a JSON body', () => {
  it.each([
    ['application/json'],
    ['application/json; charset=utf-8'],
    ['Application/JSON;charset="UTF-8"'],
    ['application/vnd.api+json'],
  ])('is read as %s', async (type) => expect(await read('{"a":1}', { 'content-type': type })).toEqual({ a: 1 }))

  it('is read without a content type', async () => {
    expect(await read(new Blob(['{"a":"ü"}']).stream())).toEqual({ a: 'ü' })
  })

  it.each([
    ['broken', '{"a":', 400, 'invalid_json'],
    ['empty', '', 400, 'invalid_json'],
    ['an array', '[]', 400, 'invalid_json'],
    ['null', 'null', 400, 'invalid_json'],
    ['a number', '1', 400, 'invalid_json'],
    ['not UTF-8', bytes(0x7b, 0x22, 0xff, 0x22, 0x7d), 400, 'invalid_json'],
    ['UTF-16', utf16('{"a":1}'), 400, 'invalid_json'],
    ['marked', bytes(0xef, 0xbb, 0xbf, 0x7b, 0x7d), 400, 'invalid_json'],
    ['too deep', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 400, 'invalid_json'],
    ['too large', `{"a":"${'x'.repeat(1_000)}"}`, 413, 'body_too_large'],
  ])('%s is refused', async (_, body, status, code) => {
    await expect(read(body, json)).rejects.toMatchObject({ status, code })
  })

  it.each([
    { 'content-type': 'text/plain' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'application/json, application/json' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  ])('%o is refused', async (headers) => {
    await expect(read('{}', headers)).rejects.toMatchObject({ status: 415 })
  })

  it('is counted as it arrives, and not read further than the limit', async () => {
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent++
        controller.enqueue(new Uint8Array(400).fill(0x20))
      },
    })
    await expect(read(endless, json)).rejects.toMatchObject({ status: 413 })
    expect(sent).toBeLessThan(10)
  })

  it('never has its text in the refusal', async () => {
    await expect(read('{"prompt":"my secret', json)).rejects.toThrow(/^(?!.*secret)/)
  })
})
