import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { imageEdits } from '../../../src/operations/images.ts'
import type { AnyRequest, Operation } from '../../../src/operations/operation.ts'
import { measure } from '../../../src/operations/sound/measured.ts'
import { speech } from '../../../src/operations/speech.ts'
import { transcription } from '../../../src/operations/transcription.ts'
import { gatewayWorld, keyWith } from '../../support/gateway-world.ts'
import { flac } from './sound/files.ts'

const config = `
model_list:
  - model_name: voice
    litellm_params: { model: openai/tts-1, api_key: k, api_base: 'https://vendor.test/v1' }
  - model_name: newer-voice
    litellm_params: { model: openai/gpt-4o-mini-tts, api_key: k, api_base: 'https://vendor.test/v1' }
  - model_name: eleven
    litellm_params: { model: elevenlabs/eleven_multilingual_v2, api_key: k }
  - model_name: ear
    litellm_params: { model: openai/whisper-1, api_key: k, api_base: 'https://vendor.test/v1' }
  - model_name: newer-ear
    litellm_params: { model: openai/gpt-4o-transcribe, api_key: k, api_base: 'https://vendor.test/v1' }
  - model_name: groq
    litellm_params: { model: groq/whisper-large-v3, api_key: k }
  - model_name: deepgram
    litellm_params: { model: deepgram/nova-3, api_key: k, input_cost_per_second: 0.000086667 }
  - model_name: pictures
    litellm_params: { model: openai/dall-e-2, api_key: k, api_base: 'https://vendor.test/v1' }
litellm_settings: { num_retries: 0, fallbacks: [{ voice: [eleven] }] }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

interface Sent {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: unknown
}

function world(vendor: (url: string) => Response, limitNano = 10_000_000_000n) {
  const sent: Sent[] = []
  const one = gatewayWorld(
    (url, { headers, body }) => {
      sent.push({ url, headers: headers as Record<string, string>, body })
      return vendor(url)
    },
    { config },
  )
  one.account.limits.set('key:k1@life', limitNano)
  return {
    sent,
    leave: one.leave,
    ask: <R extends AnyRequest>(operation: Operation<R>, body: Record<string, unknown>) =>
      one.askFor(operation, body, keyWith(limitNano)),
    async row(at = 0) {
      await one.rest()
      expect(brokenPromise(one.account)).toBeUndefined()
      return one.rows()[at]
    },
  }
}

/** Bytes that come one after the other; `broken` ends them with a lost connection. */
function piecewise(pieces: readonly string[], type: string, broken = false): Response {
  const left = [...pieces]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift()
      if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece))
      else if (broken) controller.error(new Error('connection lost'))
      else controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': type } })
}

const formOf = (sent: readonly Sent[]) => sent[0]!.body as FormData
const sound = () => piecewise(['ID3', 'more'], 'audio/mpeg')
const hello = { model: 'voice', input: 'Grüße 👋', voice: 'alloy' }

describe('speech', () => {
  it('is passed on as it comes, and costs by the character', async () => {
    const { ask, sent, row } = world(sound)
    const response = await ask(speech, { ...hello, response_format: 'mp3' })
    expect(response.headers.get('content-type')).toBe('audio/mpeg')
    expect(await response.text()).toBe('ID3more')
    expect(sent[0]?.url).toBe('https://vendor.test/v1/audio/speech')
    expect(JSON.parse(String(sent[0]?.body))).toEqual({ ...hello, model: 'tts-1', response_format: 'mp3' })
    // Seven characters at 15 USD a million, which is also what was held.
    expect(await row()).toMatchObject({
      call_type: 'aspeech',
      cost_nano: '105000',
      hold_nano: '105000',
      status: 'success',
      usage_estimated: false,
      total_tokens: 0,
    })
  })

  it('of ElevenLabs is asked at the voice, with its key and its names', async () => {
    const { ask, sent } = world(sound)
    await (await ask(speech, { ...hello, model: 'eleven', voice: 'a/b', speed: 1.1 })).text()
    expect(sent[0]?.url).toBe('https://api.elevenlabs.io/v1/text-to-speech/a%2Fb/stream?output_format=mp3_44100_128')
    expect(sent[0]?.headers).toMatchObject({ 'xi-api-key': 'k' })
    expect(JSON.parse(String(sent[0]?.body))).toEqual({
      text: hello.input,
      model_id: 'eleven_multilingual_v2',
      voice_settings: { speed: 1.1 },
    })
  })

  it('in events tells its tokens', async () => {
    const events = [
      'data: {"type":"speech.audio.delta","audio":"AA=="}\n\n',
      'data: {"type":"speech.audio.done","usage":{"input_tokens":10,"output_tokens":100,"total_tokens":110}}\n\n',
    ]
    const { ask, row } = world(() => piecewise(events, 'text/event-stream'))
    const response = await ask(speech, { ...hello, model: 'newer-voice', stream_format: 'sse' })
    expect(await response.text()).toBe(events.join(''))
    // 0.6 USD for text and 12 for sound, a million tokens each.
    expect(await row()).toMatchObject({ cost_nano: String(10 * 600 + 100 * 12_000), usage_estimated: false })
  })

  it('that breaks off is an error, and charged; that never begins goes to somebody else', async () => {
    const broken = world(() => piecewise(['ID3'], 'audio/mpeg', true))
    const response = await broken.ask(speech, hello)
    await expect(response.text()).rejects.toMatchObject({ kind: 'upstream_failed' })
    expect(await broken.row()).toMatchObject({ status: 'failure', cost_nano: '105000' })

    const empty = world((url) => (url.includes('vendor.test') ? piecewise([], 'audio/mpeg') : sound()))
    expect(await (await empty.ask(speech, hello)).text()).toBe('ID3more')
    expect(await empty.row()).toMatchObject({ status: 'success', model_group: 'eleven', cost_nano: '700000' })
  })

  it('that nobody listens to any more is ended, and charged', async () => {
    const { ask, row } = world(sound)
    const response = await ask(speech, hello)
    await response.body?.cancel()
    expect(await row()).toMatchObject({ status: 'cancelled', cost_nano: '105000' })
  })

  it('is refused before anybody is asked where it does not fit', async () => {
    const { ask, sent } = world(sound, 104_999n)
    await expect(ask(speech, hello)).rejects.toMatchObject({ kind: 'budget_exceeded' })
    expect(sent).toEqual([])
  })
})

const file = new File([new Uint8Array(20_000)], 'hello.mp3', { type: 'audio/mpeg' })
const verbose = {
  task: 'transcribe',
  language: 'english',
  duration: 9.5,
  text: 'Hello there.',
  segments: [{ id: 0, start: 0, end: 1.25, text: ' Hello there.' }],
}

describe('transcriptions', () => {
  it.each([
    ['json', 'application/json', '{"text":"Hello there."}'],
    ['text', 'text/plain; charset=utf-8', 'Hello there.\n'],
    ['srt', 'application/x-subrip; charset=utf-8', '1\n00:00:00,000 --> 00:00:01,250\nHello there.\n'],
    ['vtt', 'text/vtt; charset=utf-8', 'WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nHello there.\n'],
    ['verbose_json', 'application/json', JSON.stringify(verbose)],
  ])('come as %s, and cost by the length that the vendor tells', async (response_format, type, text) => {
    const { ask, sent, row } = world(() => Response.json(verbose))
    const response = await ask(transcription, { model: 'ear', file, response_format, temperature: '0' })
    expect([response.headers.get('content-type'), await response.text()]).toEqual([type, text])
    const form = formOf(sent)
    expect(sent[0]?.url).toBe('https://vendor.test/v1/audio/transcriptions')
    expect(sent[0]?.headers).not.toHaveProperty('content-type')
    expect([form.get('model'), form.get('response_format'), form.get('temperature')]).toEqual([
      'whisper-1',
      'verbose_json',
      '0',
    ])
    expect([(form.get('file') as File).name, (form.get('file') as File).size]).toEqual(['hello.mp3', 20_000])
    // 0.006 USD a minute for 9.5 s; held for the 400 s that so many bytes of an unknown kind are at the most.
    expect(await row()).toMatchObject({ call_type: 'atranscription', cost_nano: '950000', hold_nano: '40000000' })
  })

  it.each([
    { url: 'https://hours.test/of.mp3' },
    { file_url: 'https://hours.test/of.mp3' },
    { webhook: 'true' },
    { extra_body: { callback: 'https://elsewhere.test' } },
  ])('hear nothing but the file, and are answered here: %o', async (more) => {
    const { ask, sent } = world(() => Response.json(verbose))
    await expect(ask(transcription, { model: 'ear', file, ...more })).rejects.toMatchObject({ kind: 'invalid_request' })
    await (await ask(transcription, { model: 'ear', file, webhook: 'false', url: '' })).text()
    expect(sent.length).toBe(1)
  })

  it('of newer models cost by the tokens of sound and text', async () => {
    const usage = {
      type: 'tokens',
      input_tokens: 100,
      input_token_details: { text_tokens: 5, audio_tokens: 95 },
      output_tokens: 20,
    }
    const { ask, sent, row } = world(() => Response.json({ text: 'Hi.', usage }))
    expect(await (await ask(transcription, { model: 'newer-ear', file })).json()).toEqual({ text: 'Hi.', usage })
    expect(formOf(sent).get('response_format')).toBe('json')
    // 2.5 USD for text, 6 for sound, 10 for the answer, a million tokens each.
    expect(await row()).toMatchObject({ cost_nano: String(5 * 2500 + 95 * 6000 + 20 * 10_000), overrun: false })
  })

  it('are billed for ten seconds at least by Groq', async () => {
    const { ask, row } = world(() => Response.json({ ...verbose, duration: 2 }))
    await ask(transcription, { model: 'groq', file })
    expect(await row()).toMatchObject({ cost_nano: '308334' })
  })

  it('of Deepgram are asked with the file itself, and told in OpenAI’s words', async () => {
    const words = [{ word: 'hello', punctuated_word: 'Hello.', start: 0.1, end: 0.6 }]
    const answer = {
      metadata: { duration: 12 },
      results: { channels: [{ alternatives: [{ transcript: 'Hello.', words }] }] },
    }
    const { ask, sent, row } = world(() => Response.json(answer))
    const response = await ask(transcription, { model: 'deepgram', file, language: 'en', response_format: 'srt' })
    expect(await response.text()).toBe('1\n00:00:00,100 --> 00:00:00,600\nHello.\n')
    expect(sent[0]).toMatchObject({
      url: 'https://api.deepgram.com/v1/listen?model=nova-3&smart_format=true&language=en',
      headers: { authorization: 'Token k', 'content-type': 'audio/mpeg' },
      body: file,
    })
    // 0.0052 USD a minute, for twelve seconds.
    expect(await row()).toMatchObject({ cost_nano: '1040004', overrun: false })
    // Each channel would be billed.
    await expect(ask(transcription, { model: 'deepgram', file, multichannel: 'true' })).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('multichannel'),
    })
    expect(sent).toHaveLength(1)
  })

  const delta = 'data: {"type":"transcript.text.delta","delta":"Hi."}\n\n'
  it('come as events, whose last tells the usage', async () => {
    const done = `data: ${JSON.stringify({ type: 'transcript.text.done', text: 'Hi.', usage: { input_tokens: 10, input_token_details: { audio_tokens: 10 }, output_tokens: 2 } })}\n\n`
    const { ask, sent, row } = world(() => piecewise([delta, done], 'text/event-stream'))
    const response = await ask(transcription, { model: 'newer-ear', file, stream: 'true' })
    expect(await response.text()).toBe(delta + done)
    expect(formOf(sent).get('stream')).toBe('true')
    expect(await row()).toMatchObject({ stream: true, cost_nano: String(10 * 6000 + 2 * 10_000), status: 'success' })
  })

  it.each([
    ['break off', [delta]],
    ['fail', [delta, 'data: {"type":"error","error":{"message":"overloaded"}}\n\n']],
  ])('whose events %s never end as if whole', async (_, events) => {
    const { ask, row } = world(() => piecewise(events, 'text/event-stream'))
    const text = await (await ask(transcription, { model: 'newer-ear', file, stream: true })).text()
    expect(text.startsWith(delta)).toBe(true)
    expect(text).toContain('"error"')
    expect(text).not.toContain('transcript.text.done')
    expect(await row()).toMatchObject({ status: 'failure', usage_estimated: true })
  })

  it.each([{ file: 'a path' }, { response_format: 'xml' }])('are not made of %o', async (wrong) => {
    const [param] = Object.keys(wrong)
    const asked = world(sound).ask(transcription, { model: 'ear', file, ...wrong })
    await expect(asked).rejects.toMatchObject({ kind: 'invalid_request', details: { param } })
  })
})

it('pictures are changed by a form with all its files', async () => {
  const { ask, sent, row } = world(() => Response.json({ created: 1, data: [{ b64_json: 'AA==' }] }))
  const image = [new File(['a'], 'a.png', { type: 'image/png' }), new File(['b'], 'b.png', { type: 'image/png' })]
  const response = await ask(imageEdits, { model: 'pictures', prompt: 'Bluer.', image, n: '1', size: '256x256' })
  expect(await response.json()).toEqual({ created: 1, data: [{ b64_json: 'AA==' }] })
  const form = formOf(sent)
  expect(form.getAll('image[]').map((one) => (one as File).name)).toEqual(['a.png', 'b.png'])
  expect(form.get('n')).toBe('1')
  expect(await row()).toMatchObject({ call_type: 'aimage_edit', cost_nano: '16000000', hold_nano: '16000000' })
})

it('whoever bills no tokens takes none of a limit of tokens', () => {
  const price = (units: object) => ({ input: 0, output: 0, units })
  const by = (units: object) => ({
    id: 'd',
    group: 'g',
    provider: 'p',
    model: 'm',
    params: {},
    mode: 'm',
    price: price(units),
  })
  const asked = { model: 'g', file: new File([new Uint8Array(1_000_000)], 'long.mp3') }
  expect(transcription.worstCase(asked, by({ second: 1_000 }))).toMatchObject({ tokens: 0, costNano: 20_000n })
  const tokens = { ...by({}), price: { input: 1_000, output: 1_000 } }
  expect(transcription.worstCase(asked, tokens).tokens).toBeGreaterThan(20_000)
})

it('is held by the length that the file has, where that can be read: silence is a few bytes', async () => {
  const { ask, row } = world(() => Response.json(verbose))
  // A hundred frames of eight seconds.
  const silent = new File([flac(8_000, 100, 64_000, 1) as Uint8Array<ArrayBuffer>], 'silence.flac')
  await measure(silent)
  await (await ask(transcription, { model: 'ear', file: silent })).text()
  expect(await row()).toMatchObject({ hold_nano: '80000000' })
})
