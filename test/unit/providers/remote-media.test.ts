import { describe, expect, it } from 'vitest'
import { bedrock } from '../../../src/providers/bedrock.ts'
import { dataUrl } from '../../../src/providers/data-url.ts'
import { ollama } from '../../../src/providers/ollama.ts'
import { remoteMedia, withMedia } from '../../../src/providers/remote-media.ts'

const image = 'https://x.test/a.png'
const report = 'https://x.test/report.pdf'
const request = {
  model: 'fast',
  messages: [
    { role: 'system', content: 'Be brief' },
    {
      role: 'user',
      content: [
        { type: 'text', text: `see ${image}` },
        { type: 'image_url', image_url: { url: image, detail: 'low' } },
        { type: 'image_url', image_url: image },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
        { type: 'video_url', video_url: { url: 's3://bucket/a.mp4' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c', content: [{ type: 'file', file: { file_id: report, filename: 'r.pdf' } }] },
  ],
}

describe('media on the web', () => {
  it('is named once, wherever it stands, and nothing else is', () => {
    expect(remoteMedia(request)).toEqual([image, report])
  })

  it('is put into the request, where vendors that fetch nothing find it', () => {
    const fetched = new Map([
      [image, { mediaType: 'image/png', base64: 'AAAA' }],
      [report, { mediaType: 'application/pdf', base64: 'JVBERi0=' }],
    ])
    const whole = withMedia(request, fetched)
    expect(remoteMedia(whole)).toEqual([])
    expect(whole.messages[1]?.content).toEqual([
      { type: 'text', text: `see ${image}` },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
      { type: 'video_url', video_url: { url: 's3://bucket/a.mp4' } },
    ])
    expect(withMedia(request, new Map())).toBe(request)
    const target = {
      model: 'amazon.nova-lite-v1:0',
      apiKey: 'k',
      aws: { region: 'eu-west-1' },
      extraHeaders: {},
      params: {},
    }
    expect(() => bedrock.chat(request, target)).toThrow(/fetches nothing/)
    expect(bedrock.chat(whole, target).body).toContain('"document":{"format":"pdf","name":"r"')
    expect([bedrock.inlinesMedia, ollama.inlinesMedia]).toEqual([true, true])
  })
})

describe('dataUrl', () => {
  it.each([
    ['data:image/PNG;base64,AA==', { mediaType: 'image/png', base64: 'AA==' }],
    ['data:text/plain;charset=utf-8;base64,SGk=', { mediaType: 'text/plain', base64: 'SGk=' }],
    ['data:text/plain,Hi%20there', { mediaType: 'text/plain', base64: 'SGkgdGhlcmU=' }],
    ['data:;base64,SG\nk=', { mediaType: '', base64: 'SGk=' }],
    ['data:text/plain,%ff', undefined],
    ['https://x.test/data:image/png;base64,AA==', undefined],
    ['data:image/png', undefined],
  ])('reads %s', (url, found) => {
    expect(dataUrl(url)).toEqual(found)
  })
})
