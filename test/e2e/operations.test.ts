import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toFile } from 'openai'
import { afterAll, describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'
import { configFile } from '../support/vendor.ts'

/** A vendor of sound, pictures and lists: what it was sent is kept by path. */
const heard = new Map<string, { type: string; text: string }>()
const silent = Promise.withResolvers<void>()
const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', async () => {
    const path = request.url ?? ''
    const text = Buffer.concat(pieces).toString('latin1')
    heard.set(path, { type: request.headers['content-type'] ?? '', text })
    const json = (body: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (path.endsWith('/moderations'))
      return json({ id: 'modr-1', model: 'm', results: [{ flagged: false, categories: {}, category_scores: {} }] })
    if (path.endsWith('/rerank'))
      return json({ id: 'r', results: [{ index: 1, relevance_score: 0.9 }], usage: { total_tokens: 1_000 } })
    if (path.includes('/images/') && /"stream":true|name="stream"/.test(text)) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const event = (said: { type: string }) => response.write(`event: ${said.type}\ndata: ${JSON.stringify(said)}\n\n`)
      const type = path.endsWith('/edits') ? 'image_edit' : 'image_generation'
      const picture = { b64_json: 'AA==', size: '1024x1024', quality: 'low', output_format: 'png' }
      event({ type: `${type}.partial_image`, partial_image_index: 0, ...picture } as { type: string })
      if (text.includes('break')) return void setTimeout(() => response.destroy(), 50)
      const usage = {
        input_tokens: 30,
        input_tokens_details: { image_tokens: 10, text_tokens: 20 },
        output_tokens: 372,
      }
      event({ type: `${type}.completed`, ...picture, usage } as { type: string })
      return response.end()
    }
    if (path.includes('/images/')) return json({ created: 1, data: [{ b64_json: 'AA==' }] })
    if (path.endsWith('/transcriptions')) {
      if (!text.includes('name="stream"'))
        return json({ text: 'Hello.', duration: 2, segments: [{ id: 0, start: 0, end: 2, text: 'Hello.' }] })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"type":"transcript.text.delta","delta":"Hello."}\n\n')
      const usage = { input_tokens: 10, input_token_details: { audio_tokens: 10, text_tokens: 0 }, output_tokens: 2 }
      return response.end(`data: ${JSON.stringify({ type: 'transcript.text.done', text: 'Hello.', usage })}\n\n`)
    }
    response.writeHead(200, { 'content-type': 'audio/mpeg' })
    response.write(new Uint8Array([0x49, 0x44, 0x33, 0xff]))
    if (text.includes('break')) return void setTimeout(() => response.destroy(), 50)
    if (text.includes('on and on')) {
      // Plain workerd notices that a client has left when it writes to it.
      const speaking = setInterval(() => response.write(new Uint8Array(64)), 20)
      return void response.on('close', () => {
        clearInterval(speaking)
        silent.resolve()
      })
    }
    return response.end(new Uint8Array([0x00, 0xfe]))
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => new Promise((resolve) => server.close(resolve)))
const vendor = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`

describe("operations by OpenAI's SDK", () => {
  const row = (name: string, model: string, more = '') => `
  - model_name: ${name}
    litellm_params: { model: ${model}, api_key: sk-vendor, api_base: '${vendor}'${more} }`
  const gateway = useGateway({
    providers: false,
    configFile: configFile(`model_list:${[
      row('omni-moderation-latest', 'openai/omni-moderation-latest'),
      row('rank', 'voyage/rerank-2.5'),
      row('pictures', 'openai/dall-e-2'),
      row('newer-pictures', 'openai/gpt-image-1'),
      row('voice', 'openai/tts-1'),
      row('ear', 'openai/whisper-1'),
      row('newer-ear', 'openai/gpt-4o-transcribe'),
    ].join('')}
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
`),
  })
  const world = async (max_budget = 1) => {
    const { key, token } = await gateway().key({ max_budget })
    const rows = () =>
      eventually(
        async () =>
          (
            await gateway().db.query<{ call_type: string; cost_nano: string; status: string }>(
              'select call_type, cost_nano, status from spend_log where api_key = $1 order by id',
              [token],
            )
          ).rows,
        (found) => found.length > 0,
      )
    return { key, sdk: gateway().openai(key), rows }
  }
  const file = () => toFile(new Uint8Array(2_000).fill(0xfe), 'hello.mp3', { type: 'audio/mpeg' })

  it('moderations cost nothing', async () => {
    const { sdk, rows } = await world()
    expect((await sdk.moderations.create({ input: 'Hello.' })).results[0]?.flagged).toBe(false)
    expect(await rows()).toEqual([{ call_type: 'amoderation', cost_nano: '0', status: 'success' }])
  })

  it.each(['/v1/rerank', '/rerank', '/v2/rerank'])('%s ranks, and is paid for', async (path) => {
    const { key, rows } = await world()
    const response = await fetch(`${gateway().url()}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'rank', query: 'q', documents: ['a', 'b'], top_n: 1 }),
    })
    const { results } = (await response.json()) as { results: unknown }
    expect(results).toEqual([{ index: 1, relevance_score: 0.9, document: { text: 'b' } }])
    // 0.05 USD for a million tokens.
    expect(await rows()).toEqual([{ call_type: 'arerank', cost_nano: '50000', status: 'success' }])
  })

  it('pictures are made, changed and varied, and refused where they do not fit', async () => {
    const { sdk, rows } = await world()
    const size = '256x256' as const
    expect((await sdk.images.generate({ model: 'pictures', prompt: 'A gate.', size })).data?.[0]?.b64_json).toBe('AA==')
    expect(await rows()).toEqual([{ call_type: 'aimage_generation', cost_nano: '16000000', status: 'success' }])
    const image = await toFile(new Uint8Array([1]), 'gate.png', { type: 'image/png' })
    await sdk.images.edit({ model: 'pictures', prompt: 'Bluer.', image, size })
    expect(heard.get('/v1/images/edits')?.type).toMatch(/^multipart\/form-data; ?boundary=/)
    expect(heard.get('/v1/images/edits')?.text).toContain('filename="gate.png"')
    await sdk.images.createVariation({ model: 'pictures', image, size })

    const poor = await world(0.0159)
    await expect(poor.sdk.images.generate({ model: 'pictures', prompt: 'A gate.', size })).rejects.toMatchObject({
      status: 429,
      type: 'budget_exceeded',
    })
  })

  it('pictures are streamed while they are made, and paid for by what they tell', async () => {
    const { sdk, rows } = await world()
    const asked = { model: 'newer-pictures', prompt: 'A gate.', stream: true, partial_images: 1 } as const
    const types: string[] = []
    for await (const event of await sdk.images.generate(asked)) types.push(event.type)
    const image = await toFile(new Uint8Array([1]), 'gate.png', { type: 'image/png' })
    for await (const event of await sdk.images.edit({ ...asked, image })) types.push(event.type)
    expect(types).toEqual([
      ...['image_generation.partial_image', 'image_generation.completed'],
      ...['image_edit.partial_image', 'image_edit.completed'],
    ])
    // By the million: text 5, pictures 10 dollars; made 40.
    const cost_nano = String(20 * 5_000 + 10 * 10_000 + 372 * 40_000)
    const found = await eventually(rows, ({ length }) => length === 2)
    expect(found).toEqual([
      { call_type: 'aimage_generation', cost_nano, status: 'success' },
      { call_type: 'aimage_edit', cost_nano, status: 'success' },
    ])
    await expect(sdk.images.generate({ ...asked, n: 2 })).rejects.toMatchObject({ status: 400, param: 'n' })
    const broken = await sdk.images.generate({ ...asked, prompt: 'break' })
    const until = async () => {
      for await (const _ of broken);
    }
    await expect(until()).rejects.toThrow()
    const last = await eventually(rows, ({ length }) => length === 3)
    expect(last[2]).toMatchObject({ status: 'failure' })
  })

  it('speech arrives byte for byte', async () => {
    const { sdk, rows } = await world()
    const response = await sdk.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'Hello.' })
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0x49, 0x44, 0x33, 0xff, 0x00, 0xfe])
    expect(response.headers.get('content-type')).toBe('audio/mpeg')
    expect(await rows()).toEqual([{ call_type: 'aspeech', cost_nano: '90000', status: 'success' }])
  })

  it('speech that breaks off is no whole answer', async () => {
    const { sdk, rows } = await world()
    const response = await sdk.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'break' })
    await expect(response.arrayBuffer()).rejects.toThrow()
    expect(await rows()).toEqual([{ call_type: 'aspeech', cost_nano: '75000', status: 'failure' }])
  })

  it('a client that leaves ends the vendor’s work, and pays', async () => {
    const { sdk, rows } = await world()
    const leaving = new AbortController()
    const asked = { model: 'voice', voice: 'alloy', input: 'on and on' }
    const response = await sdk.audio.speech.create(asked, { signal: leaving.signal })
    await response.body?.getReader().read()
    leaving.abort()
    await silent.promise
    expect(await rows()).toEqual([{ call_type: 'aspeech', cost_nano: '135000', status: 'cancelled' }])
  })

  it('transcriptions come whole, as subtitles and as events', async () => {
    const { sdk, rows } = await world()
    const said = await sdk.audio.transcriptions.create({ model: 'ear', file: await file() })
    expect(said.text).toBe('Hello.')
    // 0.006 USD a minute.
    expect(await rows()).toEqual([{ call_type: 'atranscription', cost_nano: '200000', status: 'success' }])
    const srt = await sdk.audio.transcriptions.create({ model: 'ear', file: await file(), response_format: 'srt' })
    expect(srt).toBe('1\n00:00:00,000 --> 00:00:02,000\nHello.\n')
    expect(heard.get('/v1/audio/transcriptions')?.text).toContain('\xfe'.repeat(2_000))
    const events = await sdk.audio.transcriptions.create({ model: 'newer-ear', file: await file(), stream: true })
    const types: string[] = []
    for await (const { type } of events) types.push(type)
    expect(types).toEqual(['transcript.text.delta', 'transcript.text.done'])
  })
})
