import { describe, expect, it } from 'vitest'
import { needsOf } from '../../../src/operations/needs.ts'

const chat = (content: unknown, rest = {}) => ({ model: 'm', messages: [{ role: 'user', content }], ...rest })
const needed = (content: unknown, rest = {}) => needsOf(chat(content, rest)).capabilities

describe('what a chat needs', () => {
  it('is nothing special for text', () => {
    expect(needsOf(chat('x'.repeat(4000)))).toEqual({ inputTokens: 1007, capabilities: [] })
  })

  it('is what its parts and fields say', () => {
    expect(needed([{ type: 'image_url', image_url: { url: 'https://a.test/b.png' } }])).toEqual(['vision'])
    expect(needed([{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }])).toEqual(['audioInput'])
    expect(needed([{ type: 'file', file: { file_id: 'f' } }])).toEqual(['pdfInput'])
    expect(needed('x', { tools: [{ type: 'function', function: { name: 'f' } }] })).toEqual(['tools'])
    expect(needed('x', { modalities: ['text', 'audio'] })).toEqual(['audioOutput'])
    expect(needed('x', { web_search_options: {} })).toEqual(['webSearch'])
    expect(needed('x', { response_format: { type: 'json_schema', json_schema: { name: 'n' } } })).toEqual([
      'jsonSchema',
    ])
    expect(needed('x', { response_format: { type: 'json_object' }, tools: [] })).toEqual([])
  })

  it('has the length that the answer may have', () => {
    expect(needsOf(chat('x', { max_tokens: 50 })).outputTokens).toBe(50)
    expect(needsOf(chat('x', { max_tokens: 50, max_completion_tokens: 70 })).outputTokens).toBe(70)
    expect(needsOf(chat('x', { max_tokens: null }))).not.toHaveProperty('outputTokens')
  })
})
