import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { imageEdits, images } from '../../../src/operations/images.ts'
import type { AnyRequest, Operation } from '../../../src/operations/operation.ts'
import { audioSeconds } from '../../../src/operations/sound/seconds.ts'
import { speech } from '../../../src/operations/speech.ts'
import { transcription, translation } from '../../../src/operations/transcription.ts'
import { gatewayWorld, keyWith } from '../../support/gateway-world.ts'

const workers = 'api_base: "https://api.cloudflare.com/client/v4/accounts/acc/ai/run"'
const config = `
model_list:
  - model_name: turbo
    litellm_params: { model: "cloudflare/@cf/openai/whisper-large-v3-turbo", api_key: k, ${workers}, input_cost_per_second: 0.0001 }
    model_info: { mode: audio_transcription }
  - model_name: phoenix
    litellm_params: { model: "cloudflare/@cf/leonardo/phoenix-1.0", api_key: k, ${workers}, output_cost_per_pixel: 0.000000001 }
    model_info: { mode: image_generation }
  - model_name: flux-2
    litellm_params: { model: "cloudflare/@cf/black-forest-labs/flux-2-dev", api_key: k, ${workers}, output_cost_per_image: 0.04 }
    model_info: { mode: image_generation }
  - model_name: kore
    litellm_params: { model: gemini/gemini-2.5-flash-preview-tts, api_key: k, input_cost_per_token: 0.0000005, output_cost_per_token: 0.00001 }
    model_info: { mode: audio_speech }
litellm_settings: { num_retries: 0 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

async function asked<R extends AnyRequest>(
  operation: Operation<R>,
  body: Record<string, unknown>,
  answer: () => Response,
) {
  const sent: { readonly url: string; readonly body: unknown }[] = []
  const world = gatewayWorld(
    (url, init) => {
      sent.push({ url, body: init.body })
      return answer()
    },
    { config },
  )
  const limit = 10_000_000_000n
  world.account.limits.set('key:k1@life', limit)
  const response = await world.askFor(operation, body, keyWith(limit)).catch((error: unknown) => error as Error)
  const bytes = response instanceof Response ? new Uint8Array(await response.arrayBuffer()) : new Uint8Array()
  await world.rest()
  expect(brokenPromise(world.account)).toBeUndefined()
  return { sent, response, bytes, told: () => JSON.parse(new TextDecoder().decode(bytes)), row: world.rows()[0] }
}

const file = new File(['sound'], 'a.mp3', { type: 'audio/mpeg' })
const prompt = 'A gate.'
const picture = () => new Response(new Uint8Array([0xff, 0xd8, 0xff]), { headers: { 'content-type': 'image/jpeg' } })

describe('Workers AI', () => {
  const heard = {
    result: {
      text: 'Hello there.',
      transcription_info: { language: 'en', duration: 2.5 },
      segments: [{ start: 0, end: 2, text: 'Hello there.', words: [{ word: 'Hello', start: 0, end: 1 }] }],
    },
  }

  it('hears with its newer whisper what is inside JSON, and tells how long that was', async () => {
    const said = { model: 'turbo', file, language: 'en', prompt: 'Names', response_format: 'verbose_json' }
    const { sent, told, row } = await asked(transcription, said, () => Response.json(heard))
    const task = { task: 'transcribe', language: 'en', initial_prompt: 'Names' }
    expect(JSON.parse(String(sent[0]?.body))).toEqual({ audio: btoa('sound'), ...task })
    expect(told()).toMatchObject({ duration: 2.5, segments: [{ end: 2 }], words: [{ word: 'Hello' }] })
    expect(row).toMatchObject({ cost_nano: '250000', usage_estimated: false })
    const english = await asked(translation, { model: 'turbo', file }, () => Response.json(heard))
    expect(JSON.parse(String(english.sent[0]?.body)).task).toBe('translate')
  })

  it('draws in bytes, which are told as base64 and paid for by their pixels', async () => {
    const { sent, told, row } = await asked(images, { model: 'phoenix', prompt, n: 2, size: '512x256' }, picture)
    expect(sent.map(({ body }) => JSON.parse(String(body)))).toEqual(
      Array.from({ length: 2 }, () => ({ prompt, width: 512, height: 256 })),
    )
    expect(told().data).toEqual([{ b64_json: '/9j/' }, { b64_json: '/9j/' }])
    expect(row).toMatchObject({ cost_nano: String(2 * 512 * 256), hold_nano: String(2 * 512 * 256) })
  })

  it('draws and changes pictures by a form', async () => {
    const made = () => Response.json({ result: { image: 'AA==' } })
    const drawn = await asked(images, { model: 'flux-2', prompt, size: '512x512' }, made)
    expect(Object.fromEntries(drawn.sent[0]?.body as FormData)).toEqual({ prompt, width: '512', height: '512' })
    const changed = await asked(imageEdits, { model: 'flux-2', prompt, image: [file, file] }, made)
    expect(Object.keys(Object.fromEntries(changed.sent[0]?.body as FormData))).toEqual([
      'prompt',
      'input_image_0',
      'input_image_1',
    ])
    expect(changed.row).toMatchObject({ cost_nano: '40000000', call_type: 'aimage_edit' })
    const refused = await asked(imageEdits, { model: 'phoenix', prompt, image: file }, made)
    expect(refused.response).toMatchObject({ kind: 'invalid_request', message: expect.stringContaining('flux-2-dev') })
  })
})

describe('Gemini', () => {
  const samples = new Uint8Array(48_000)
  const data = btoa(String.fromCharCode(...samples.subarray(0, 24_000)))
  const part = { inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data } }
  const spoken = (finishReason = 'STOP') =>
    Response.json({
      candidates: [{ content: { parts: [part, part] }, finishReason }],
      usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 25, totalTokenCount: 29 },
    })
  const said = { model: 'kore', input: 'Hello', voice: 'Kore' }

  it('reads aloud in samples, which come as WAV or as they are', async () => {
    const { sent, bytes, response, row } = await asked(speech, said, () => spoken())
    expect(sent[0]?.url).toContain('/models/gemini-2.5-flash-preview-tts:generateContent')
    expect(JSON.parse(String(sent[0]?.body)).generationConfig).toMatchObject({
      responseModalities: ['AUDIO'],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
    })
    expect((response as Response).headers.get('content-type')).toBe('audio/wav')
    expect([bytes.length, audioSeconds(bytes)]).toEqual([48_044, 1])
    // Half a dollar for a million tokens of text and ten for sound.
    expect(row).toMatchObject({ cost_nano: String(4 * 500 + 25 * 10_000), usage_estimated: false })
    const bare = await asked(speech, { ...said, response_format: 'pcm' }, () => spoken())
    expect(bare.bytes).toEqual(samples)
  })

  it('cannot speak longer than was held, and what is cut off is no answer', async () => {
    const { sent, response, row } = await asked(speech, said, () => spoken('MAX_TOKENS'))
    const { maxOutputTokens } = JSON.parse(String(sent[0]?.body)).generationConfig
    expect(response).toMatchObject({
      kind: 'upstream_failed',
      message: expect.stringContaining('the end of the sound'),
    })
    expect(row).toMatchObject({ status: 'failure' })
    expect(Number(row?.hold_nano)).toBeGreaterThanOrEqual(maxOutputTokens * 10_000)
  })

  it.each([{ response_format: 'mp3' }, { stream_format: 'sse' }, { speed: 2 }, { instructions: 'Sadly' }])(
    'is not asked for %o',
    async (more) => {
      const { sent, response } = await asked(speech, { ...said, ...more }, () => spoken())
      expect([sent, response]).toMatchObject([[], { kind: 'invalid_request' }])
    },
  )
})
