import { describe, expect, it } from 'vitest'
import { pieceOf, soundIn, typeOf } from '../../../src/operations/realtime-events.ts'

describe('sound of a client', () => {
  it('is known by its looks, and how much it is', () => {
    expect(soundIn('{"type":"input_audio_buffer.append","audio":"AAAA"}')).toBe(3)
    expect(soundIn('{ "event_id": "e-1", "type": "input_audio_buffer.append", "audio": "" }')).toBe(0)
    expect(soundIn('{"audio":"AAAAAAA=","type":"input_audio_buffer.append"}\n')).toBe(6)
  })

  it('says nothing else: whatever else stands there is read', () => {
    for (const data of [
      '{"type":"input_audio_buffer.append","audio":"AAAA","type":"response.create"}',
      '{"type":"response.create","type":"input_audio_buffer.append","audio":"AAAA"}',
      '{"type":"input_audio_buffer.append","audio":"AA\\"AA"}',
      '{"type":"input_audio_buffer.append","audio":"AAAA","audio":"AAAA"}',
      '{"type":"input_audio_buffer.append","audio":"AAAA"}{"type":"response.create"}',
      '{"type":"input_audio_buffer.commit","audio":"AAAA"}',
      '{"type":"input_audio_buffer.append","audio":7}',
    ])
      expect(soundIn(data)).toBeUndefined()
  })

  it('is looked through in time that grows as it does', () => {
    const long = `{"type":"input_audio_buffer.append","audio":"${'A'.repeat(2_000_000)}`
    expect(soundIn(long)).toBeUndefined()
    expect(soundIn(`${long}"}`)).toBe(1_500_000)
  })
})

describe('an event of a server', () => {
  it('is known by its beginning, or read', () => {
    expect(typeOf('{"event_id":"e","type":"response.done","response":{"type":"odd"}}')).toBe('response.done')
    expect(typeOf('{"type":"error"}')).toBe('error')
    expect(typeOf('{"response":{"type":"odd"},"type":"response.done"}')).toBe('response.done')
    expect(typeOf('no json')).toBeUndefined()
  })

  it('tells roughly what it adds to an answer', () => {
    const text = '{"type":"response.output_text.delta","response_id":"resp_1","delta":"hello"}'
    expect(pieceOf('response.output_text.delta', text)).toEqual({ responseId: 'resp_1', textChars: 5, audioBytes: 0 })
    const head =
      '"event_id":"event_1234567890","response_id":"resp_1234567890","item_id":"item_1234567890","output_index":0'
    const sound = `{"type":"response.output_audio.delta",${head},"content_index":0,"delta":"${'A'.repeat(4_000)}"}`
    const { responseId, audioBytes } = pieceOf('response.output_audio.delta', sound)
    expect(responseId).toBe('resp_1234567890')
    expect(Math.abs(audioBytes - 3_000)).toBeLessThan(100)
  })
})
