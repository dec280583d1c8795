import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { embeddings } from '../../../src/operations/embeddings-operation.ts'
import { images } from '../../../src/operations/images.ts'
import type { AnyRequest, Operation } from '../../../src/operations/operation.ts'
import { rerank } from '../../../src/operations/rerank.ts'
import { speech } from '../../../src/operations/speech.ts'
import { transcription } from '../../../src/operations/transcription.ts'
import { vertexReranking } from '../../../src/providers/vertex-rerank.ts'
import { gatewayWorld, keyWith } from '../../support/gateway-world.ts'

const model = (name: string, params: string, info = '') =>
  `  - { model_name: ${name}, litellm_params: { api_key: k, ${params} }${info && `, model_info: { ${info} }`} }`
const searches = 'input_cost_per_query: 0.002'
const pictures = 'output_cost_per_image: 0.04'
const seconds = 'input_cost_per_second: 0.0001'
const characters = 'input_cost_per_character: 0.00001'
const aws = 'aws_region_name: us-west-2'
const workers = 'api_base: "https://api.cloudflare.com/client/v4/accounts/acc/ai/run"'

const config = `
model_list:
${[
  model('cohere-embed', 'model: cohere/embed-v4.0, input_cost_per_token: 0.0000001, output_cost_per_token: 0'),
  model('bedrock-rerank', `model: bedrock/cohere.rerank-v3-5:0, ${aws}, ${searches}`, 'mode: rerank'),
  model('workers-rerank', `model: "cloudflare/@cf/baai/bge-reranker-base", ${workers}, ${searches}`, 'mode: rerank'),
  model(
    'azure-rerank',
    `model: azure_ai/cohere-rerank-v4, api_base: "https://x.services.ai.azure.com", ${searches}`,
    'mode: rerank',
  ),
  model('canvas', `model: "bedrock/amazon.nova-canvas-v1:0", ${aws}, ${pictures}`, 'mode: image_generation'),
  model('stability', `model: "bedrock/stability.sd3-5-large-v1:0", ${aws}, ${pictures}`, 'mode: image_generation'),
  model(
    'flux',
    `model: "cloudflare/@cf/black-forest-labs/flux-1-schnell", ${workers}, ${pictures}`,
    'mode: image_generation',
  ),
  model('together', `model: together_ai/black-forest-labs/FLUX.1-schnell, ${pictures}`, 'mode: image_generation'),
  model('grok', `model: xai/grok-2-image, ${pictures}`, 'mode: image_generation'),
  model('scribe', `model: elevenlabs/scribe_v2, ${seconds}`, 'mode: audio_transcription'),
  model('voxtral', `model: mistral/voxtral-mini-latest, ${seconds}`, 'mode: audio_transcription'),
  model('workers-ear', `model: "cloudflare/@cf/openai/whisper", ${workers}, ${seconds}`, 'mode: audio_transcription'),
  model('aura', `model: deepgram/aura-2-thalia-en, ${characters}`, 'mode: audio_speech'),
  model('any-aura', `model: deepgram/aura-2, ${characters}`, 'mode: audio_speech'),
  model('workers-voice', `model: "cloudflare/@cf/deepgram/aura-1", ${workers}, ${characters}`, 'mode: audio_speech'),
].join('\n')}
litellm_settings: { num_retries: 0 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

interface Sent {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: unknown
}

async function asked<R extends AnyRequest>(
  operation: Operation<R>,
  body: Record<string, unknown>,
  answer: object | string,
) {
  const sent: Sent[] = []
  const world = gatewayWorld(
    (url, init) => {
      sent.push({ url, headers: init.headers as Record<string, string>, body: init.body })
      return typeof answer === 'string'
        ? new Response(answer, { headers: { 'content-type': 'audio/mpeg' } })
        : Response.json(answer)
    },
    { config },
  )
  world.account.limits.set('key:k1@life', 10_000_000_000n)
  const response = await world.askFor(operation, body, keyWith(10_000_000_000n))
  const text = await response.text()
  await world.rest()
  expect(brokenPromise(world.account)).toBeUndefined()
  return { sent, text, told: () => JSON.parse(text), row: world.rows()[0] }
}

const json = (sent: readonly Sent[], at = 0) => JSON.parse(String(sent[at]?.body ?? null))
const documents = ['first', { text: 'second' }, 'third']
const question = { query: 'Which?', documents, top_n: 2 }

describe('vectors', () => {
  it('of Cohere come from its own endpoint, which is told what they are for', async () => {
    const answer = { embeddings: { float: [[1, 0]] }, meta: { billed_units: { input_tokens: 3 } } }
    const { sent, told, row } = await asked(embeddings, { model: 'cohere-embed', input: 'Hi', dimensions: 2 }, answer)
    expect(sent[0]?.url).toBe('https://api.cohere.ai/v2/embed')
    expect(json(sent)).toEqual({
      model: 'embed-v4.0',
      texts: ['Hi'],
      input_type: 'search_document',
      embedding_types: ['float'],
      output_dimension: 2,
    })
    expect(told().data[0].embedding).toEqual([1, 0])
    expect(row).toMatchObject({ cost_nano: '300', usage_estimated: false })
  })
})

describe('rankings', () => {
  it('of Bedrock are asked of its agents, by the name of the model', async () => {
    const results = [
      { index: 2, relevanceScore: 0.9 },
      { index: 0, relevanceScore: 0.1 },
    ]
    const { sent, told, row } = await asked(rerank, { model: 'bedrock-rerank', ...question }, { results })
    expect(sent[0]?.url).toBe('https://bedrock-agent-runtime.us-west-2.amazonaws.com/rerank')
    const text = (said: string) => ({
      type: 'INLINE',
      inlineDocumentSource: { type: 'TEXT', textDocument: { text: said } },
    })
    expect(json(sent)).toEqual({
      queries: [{ type: 'TEXT', textQuery: { text: 'Which?' } }],
      sources: [text('first'), text('second'), text('third')],
      rerankingConfiguration: {
        type: 'BEDROCK_RERANKING_MODEL',
        bedrockRerankingConfiguration: {
          numberOfResults: 2,
          modelConfiguration: { modelArn: 'arn:aws:bedrock:us-west-2::foundation-model/cohere.rerank-v3-5:0' },
        },
      },
    })
    expect(told().results).toMatchObject([
      { index: 2, relevance_score: 0.9 },
      { index: 0, relevance_score: 0.1 },
    ])
    expect(row).toMatchObject({ cost_nano: '2000000' })
  })

  it('of Workers AI and of Azure are asked where they are', async () => {
    const workers = await asked(
      rerank,
      { model: 'workers-rerank', ...question },
      { result: { response: [{ id: 1, score: 0.5 }] } },
    )
    expect(workers.sent[0]?.url).toBe(
      'https://api.cloudflare.com/client/v4/accounts/acc/ai/run/@cf/baai/bge-reranker-base',
    )
    expect(json(workers.sent)).toEqual({
      query: 'Which?',
      contexts: [{ text: 'first' }, { text: 'second' }, { text: 'third' }],
      top_k: 2,
    })
    expect(workers.told().results[0]).toMatchObject({ index: 1, relevance_score: 0.5 })
    const answer = { results: [{ index: 0, relevance_score: 1 }], meta: { billed_units: { search_units: 1 } } }
    const azure = await asked(rerank, { model: 'azure-rerank', ...question }, answer)
    expect(azure.sent[0]).toMatchObject({
      url: 'https://x.services.ai.azure.com/providers/cohere/v2/rerank',
      headers: { 'api-key': 'k' },
    })
  })

  it('that name what nobody sent are none', async () => {
    const results = [
      { index: 0, relevanceScore: 0.9 },
      { index: 3, relevanceScore: 0.9 },
    ]
    const response = results.map(({ index, relevanceScore }) => ({ id: index, score: relevanceScore }))
    for (const [model, answer] of [
      ['bedrock-rerank', { results }],
      ['workers-rerank', { result: { response } }],
    ] as const)
      await expect(asked(rerank, { model, ...question }, answer)).rejects.toMatchObject({ kind: 'upstream_failed' })
  })

  it('of Google name documents by their places, and are paid by the project', () => {
    const target = {
      model: 'semantic-ranker-default-004',
      params: {},
      extraHeaders: {},
      vertex: { project: 'my-project', token: 'ya29' },
    }
    const request = { model: 'google', ...question }
    const [sent] = vertexReranking.ask(request, target)
    expect(sent).toMatchObject({
      url: 'https://discoveryengine.googleapis.com/v1/projects/my-project/locations/global/rankingConfigs/default_ranking_config:rank',
      headers: { authorization: 'Bearer ya29', 'x-goog-user-project': 'my-project' },
    })
    expect(JSON.parse(sent.body)).toEqual({
      model: 'semantic-ranker-default-004',
      query: 'Which?',
      records: [
        { id: '0', content: 'first' },
        { id: '1', content: 'second' },
        { id: '2', content: 'third' },
      ],
      topN: 2,
      ignoreRecordDetailsInResponse: true,
    })
    const records = [{ id: '2', score: 0.8 }]
    expect(vertexReranking.read([{ records }], request, target)).toEqual({ results: [{ index: 2, score: 0.8 }] })
    expect(() => vertexReranking.read([{ records: [{ id: '3', score: 1 }] }], request, target)).toThrow('no ranking')
  })
})

describe('pictures', () => {
  const prompt = 'A toll gate.'

  it('of Nova Canvas are asked for in its words', async () => {
    const body = { model: 'canvas', prompt, n: 2, size: '1280x720', quality: 'hd', seed: 7 }
    const { sent, told, row } = await asked(images, body, { images: ['AA==', 'BB=='] })
    expect(sent[0]?.url).toBe('https://bedrock-runtime.us-west-2.amazonaws.com/model/amazon.nova-canvas-v1%3A0/invoke')
    expect(json(sent)).toEqual({
      taskType: 'TEXT_IMAGE',
      textToImageParams: { text: prompt },
      imageGenerationConfig: { numberOfImages: 2, width: 1280, height: 720, quality: 'premium', seed: 7 },
    })
    expect(told().data).toEqual([{ b64_json: 'AA==' }, { b64_json: 'BB==' }])
    expect(row).toMatchObject({ cost_nano: '80000000', overrun: false })
  })

  it('of Stability come one by one, in the nearest of its shapes', async () => {
    const { sent, told, row } = await asked(
      images,
      { model: 'stability', prompt, n: 2, size: '1792x1024' },
      { images: ['AA=='], finish_reasons: [null] },
    )
    expect(sent).toHaveLength(2)
    expect(json(sent)).toEqual({ prompt, aspect_ratio: '16:9' })
    expect(told().data).toHaveLength(2)
    expect(row).toMatchObject({ cost_nano: '80000000' })
  })

  it('that were filtered are told with their reason', async () => {
    const answer = { images: [], finish_reasons: ['Filter reason: prompt'] }
    await expect(asked(images, { model: 'stability', prompt }, answer)).rejects.toMatchObject({
      kind: 'content_policy_violation',
      message: expect.stringContaining('Filter reason: prompt'),
    })
  })

  it('of Workers AI, Together and xAI are asked for in their words', async () => {
    const flux = await asked(images, { model: 'flux', prompt, steps: 4 }, { result: { image: 'AA==' } })
    expect(json(flux.sent)).toEqual({ prompt, steps: 4 })
    expect(flux.told().data).toEqual([{ b64_json: 'AA==' }])
    const data = [{ b64_json: 'AA==' }]
    const together = await asked(
      images,
      { model: 'together', prompt, size: '512x768', response_format: 'b64_json' },
      { data },
    )
    expect(json(together.sent)).toEqual({
      model: 'black-forest-labs/FLUX.1-schnell',
      prompt,
      width: 512,
      height: 768,
      response_format: 'base64',
    })
    const grok = await asked(images, { model: 'grok', prompt, size: 'auto' }, { data })
    expect(json(grok.sent)).toEqual({ model: 'grok-2-image', prompt })
    await expect(asked(images, { model: 'grok', prompt, size: '1024x1024' }, { data })).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('does not support'),
    })
  })
})

describe('hearing', () => {
  const file = new File(['sound'], 'a.mp3', { type: 'audio/mpeg' })
  const form = (sent: readonly Sent[]) => Object.fromEntries([...(sent.map(({ body }) => body)[0] as FormData)])

  it('of ElevenLabs costs by the second that it says', async () => {
    const words = [
      { type: 'word', text: 'Hello', start: 0, end: 0.5 },
      { type: 'spacing', text: ' ', start: 0.5, end: 0.6 },
      { type: 'word', text: 'there', start: 0.6, end: 1 },
    ]
    const { sent, told, row } = await asked(
      transcription,
      { model: 'scribe', file, language: 'en', diarize: true, response_format: 'verbose_json' },
      { text: 'Hello there', language_code: 'eng', audio_duration_secs: 12.5, words },
    )
    expect(sent[0]).toMatchObject({
      url: 'https://api.elevenlabs.io/v1/speech-to-text',
      headers: { 'xi-api-key': 'k' },
    })
    expect(form(sent)).toMatchObject({ model_id: 'scribe_v2', language_code: 'en', diarize: 'true' })
    expect(told()).toMatchObject({ text: 'Hello there', duration: 12.5, segments: [{ text: 'Hello there', end: 1 }] })
    expect(row).toMatchObject({ cost_nano: '1250000', usage_estimated: false })
    const channels = { model: 'scribe', file, use_multi_channel: 'true' }
    await expect(asked(transcription, channels, { transcripts: [] })).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('use_multi_channel'),
    })
  })

  it('of Mistral costs by its seconds, and knows no streams', async () => {
    const answer = { text: 'Bonjour', language: 'fr', usage: { prompt_audio_seconds: 10, prompt_tokens: 7 } }
    const { sent, row } = await asked(transcription, { model: 'voxtral', file, response_format: 'json' }, answer)
    expect(sent[0]?.url).toBe('https://api.mistral.ai/v1/audio/transcriptions')
    expect(Object.keys(form(sent)).sort()).toEqual(['file', 'model'])
    expect(row).toMatchObject({ cost_nano: '1000000', usage_estimated: false })
    await expect(asked(transcription, { model: 'voxtral', file, stream: true }, answer)).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('does not support'),
    })
  })

  it('of Workers AI sends the file itself', async () => {
    const { sent, told } = await asked(transcription, { model: 'workers-ear', file }, { result: { text: 'Hi' } })
    expect(sent[0]).toMatchObject({ headers: { 'content-type': 'audio/mpeg' }, body: file })
    expect(told()).toEqual({ text: 'Hi' })
  })
})

describe('voices', () => {
  it('of Deepgram are its models, and other voices a part of their names', async () => {
    const said = { input: 'Hello', voice: 'andromeda', response_format: 'wav' }
    const own = await asked(speech, { model: 'aura', ...said }, 'RIFF')
    expect(own.sent[0]).toMatchObject({
      url: 'https://api.deepgram.com/v1/speak?model=aura-2-thalia-en&encoding=linear16&container=wav',
      headers: { authorization: 'Token k' },
    })
    expect(json(own.sent)).toEqual({ text: 'Hello' })
    expect(own.text).toBe('RIFF')
    expect(own.row).toMatchObject({ cost_nano: '50000' })
    const other = await asked(speech, { model: 'any-aura', ...said }, 'RIFF')
    expect(other.sent[0]?.url).toContain('model=aura-2-andromeda-en')
  })

  it('of Workers AI are speakers', async () => {
    const { sent } = await asked(speech, { model: 'workers-voice', input: 'Hello', voice: 'luna' }, 'ID3')
    expect(json(sent)).toEqual({ text: 'Hello', speaker: 'luna', encoding: 'mp3' })
  })
})
