import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keptName, leavesSomething, nameSaid, namesInBody, namesInPath } from '../../../src/operations/kept-names.ts'

const GOOGLES = 'https://generativelanguage.googleapis.com/v1beta/files/abc'

describe('names of what is kept at vendors', () => {
  const bodies: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['a plain chat', { model: 'm', messages: [{ role: 'user', content: 'file_id' }] }, []],
    ['a file of a chat', { messages: [{ content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }, ['file-1']],
    ['a file of Responses', { input: [{ content: [{ type: 'input_file', file_id: 'file-1' }] }] }, ['file-1']],
    ['stores of a tool', { tools: [{ type: 'file_search', vector_store_ids: ['vs_1', 'vs_2'] }] }, ['vs_1', 'vs_2']],
    ['a conversation by its name', { conversation: { id: 'conv_1' } }, ['conv_1']],
    ['a conversation', { conversation: 'conv_1', previous_response_id: 'resp_1' }, ['conv_1', 'resp_1']],
    [
      'a container that is made of files',
      { tools: [{ container: { type: 'auto', file_ids: ['file-1'] } }] },
      ['file-1'],
    ],
    ['a file of Claude', { messages: [{ content: [{ source: { type: 'file', file_id: 'file_1' } }] }] }, ['file_1']],
    ['a file of Google', { contents: [{ parts: [{ fileData: { fileUri: GOOGLES } }] }] }, ['files/abc']],
    ['a file of Google as a picture', { messages: [{ content: [{ image_url: { url: GOOGLES } }] }] }, ['files/abc']],
    ['a picture anywhere else', { messages: [{ content: [{ image_url: { url: 'https://a.b/files/c' } }] }] }, []],
    ['what Google keeps cached', { cachedContent: 'projects/p/locations/l/cachedContents/7' }, ['cachedContents/7']],
    ['a batch', { input_file_id: 'file-1', metadata: { file_id: 'mine' } }, ['file-1']],
    [
      'what a model called a tool with',
      { messages: [{ content: [{ type: 'tool_use', input: { file_id: 'x' } }] }] },
      [],
    ],
    ['what Gemini did', { contents: [{ parts: [{ functionCall: { args: { file_id: 'x' } } }] }] }, []],
    [
      'a document that a tool answered',
      { messages: [{ content: [{ type: 'tool_result', content: [{ source: { file_id: 'file_1' } }] }] }] },
      ['file_1'],
    ],
    ['a property that is called so', { tools: [{ function: { parameters: { file_id: 'x' } } }] }, []],
  ]
  it.each(bodies)('are read from %s', (_, body, names) => {
    expect(namesInBody(body)).toEqual(names)
  })

  it('are found at any depth, whatever stands around them', () => {
    const around = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        fc.constant({ file_id: 'file-1' }),
        fc.tuple(fc.jsonValue(), tie('value')),
        fc.tuple(fc.stringMatching(/^[a-z]{3}$/), fc.jsonValue(), tie('value')).map(([k, a, v]) => ({ a, [k]: v })),
      ),
    })).value
    fc.assert(fc.property(around, (body) => namesInBody(body).includes('file-1')))
  })

  it('are found in a path however it is written', () => {
    for (const path of [
      '/v1/files/file_1',
      '/V1/Files/file_1/content',
      '/v1/files%2Ffile_1',
      '/v1%252ffiles%252ffile_1',
    ])
      expect(namesInPath(path)).toContain('file_1')
    for (const path of ['/v1beta/files/abc', '/v1beta/files/abc:download', '/v1beta/files%2fabc'])
      expect(namesInPath(path)).toContain('files/abc')
  })

  it('are the same in every form that Google writes', () => {
    for (const name of ['files/abc', GOOGLES, `${GOOGLES}:download?alt=media`, 'projects/p/locations/l/files/abc'])
      expect(keptName(name)).toBe('files/abc')
    expect(nameSaid({ file: { name: 'files/abc', uri: GOOGLES } })).toBe('files/abc')
    expect(nameSaid({ id: 'thread_1', name: 'A name' })).toBe('thread_1')
    expect(nameSaid({ data: [] })).toBeUndefined()
  })

  it('are given by requests that leave something', () => {
    for (const path of [
      '/v1/threads',
      '/v1/threads/',
      '/openai/Vector_Stores',
      '/v1beta/cachedContents',
      '/fine_tuning/jobs',
    ])
      expect(leavesSomething('POST', path), path).toBe(true)
    expect(leavesSomething('POST', '/v1beta/models/veo:predictLongRunning')).toBe(true)
    expect(leavesSomething('GET', '/v1/threads')).toBe(false)
    for (const path of ['/v1/threads/thread_1/messages', '/v1/rerank', '/v1/chat/completions'])
      expect(leavesSomething('POST', path), path).toBe(false)
  })
})
