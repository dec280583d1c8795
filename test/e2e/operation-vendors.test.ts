import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OpenAI, toFile } from 'openai'
import { afterAll, describe, expect, it } from 'vitest'
import { startClouds } from '../support/clouds.ts'
import { eventually, useGateway } from '../support/gateway.ts'
import { configFile } from '../support/vendor.ts'

/** One operation at one vendor: how it is configured, what the vendor must be asked, and what it answers. */
interface Case {
  readonly params: Readonly<Record<string, string | number>>
  readonly mode?: string
  /** The vendor's path after its `api_base`, and what must stand in the body. */
  readonly path: string
  readonly says: readonly string[]
  readonly answer: object | Uint8Array | ((sent: string) => object)
  readonly ask: (client: Client, model: string) => Promise<unknown>
  readonly told: unknown
  readonly callType: string
  /** By hand, from the answer and the price above. */
  readonly costNano: number
}

interface Client {
  readonly sdk: OpenAI
  readonly signal: AbortSignal
  /** What no SDK of OpenAI's has. */
  readonly post: (path: string, body: object) => Promise<unknown>
}

/** Gives access tokens of Google's for what the key of its service account has signed. */
const clouds = await startClouds()
afterAll(clouds.stop)
const vertex = { vertex_credentials: 'os.environ/VERTEX_CREDENTIALS', vertex_location: 'us-central1' }
const atVertex = '/v1beta1/projects/project-1/locations/us-central1/publishers/google/models'

const PROMPT = 'A toll gate.'
const sound = () => toFile(new Uint8Array(2_000).fill(0xfe), 'hello.mp3', { type: 'audio/mpeg' })
const PICTURE = { b64_json: 'AA==' }
const perToken = { input_cost_per_token: 0.0000001, output_cost_per_token: 0 }
const perQuery = { input_cost_per_query: 0.002 }
const perPicture = { output_cost_per_image: 0.04 }
const perSecond = { input_cost_per_second: 0.0001 }
const perCharacter = { input_cost_per_character: 0.00001 }
const aws = { aws_region_name: 'us-west-2' }

const embeds = {
  callType: 'aembedding',
  says: ['Hi'],
  told: [1, 0.5],
  ask: async ({ sdk, signal }: Client, model: string) =>
    (await sdk.embeddings.create({ model, input: 'Hi', encoding_format: 'float' }, { signal })).data[0]?.embedding,
}
const ranks = {
  callType: 'arerank',
  says: ['Which?', 'second'],
  told: [{ index: 1, relevance_score: 0.5 }],
  ask: async ({ post }: Client, model: string) => {
    const asked = { model, query: 'Which?', documents: ['first', 'second'], top_n: 1, return_documents: false }
    return ((await post('/v1/rerank', asked)) as { results: unknown }).results
  },
}
const draws = {
  callType: 'aimage_generation',
  says: [PROMPT],
  told: 'AA==',
  costNano: 40_000_000,
  mode: 'image_generation',
  ask: async ({ sdk, signal }: Client, model: string) =>
    (await sdk.images.generate({ model, prompt: PROMPT }, { signal })).data?.[0]?.b64_json,
}
const hears = {
  callType: 'atranscription',
  says: ['\xfe\xfe\xfe\xfe'],
  told: 'Hello there.',
  mode: 'audio_transcription',
  ask: async ({ sdk, signal }: Client, model: string) =>
    (await sdk.audio.transcriptions.create({ model, file: await sound() }, { signal })).text,
}
const speaks = {
  callType: 'aspeech',
  says: ['Hello'],
  told: [0x49, 0x44, 0x33, 0xff],
  answer: new Uint8Array([0x49, 0x44, 0x33, 0xff]),
  costNano: 50_000,
  mode: 'audio_speech',
  ask: async ({ sdk, signal }: Client, model: string) => {
    const spoken = await sdk.audio.speech.create({ model, voice: 'luna', input: 'Hello' }, { signal })
    return [...new Uint8Array(await spoken.arrayBuffer()).slice(0, 8)]
  },
}
const moderates = {
  callType: 'amoderation',
  says: ['Hi'],
  told: false,
  mode: 'moderation',
  ask: async ({ sdk, signal }: Client, model: string) =>
    (await sdk.moderations.create({ model, input: 'Hi' }, { signal })).results[0]?.flagged,
}
const vectors = (usage: object) => ({ object: 'list', data: [{ index: 0, embedding: [1, 0.5] }], usage })
const ranked = { results: [{ index: 1, relevance_score: 0.5 }] }

const cases: Readonly<Record<string, Case>> = {
  'embeddings of Cohere': {
    ...embeds,
    params: { model: 'cohere/embed-v4.0', ...perToken },
    path: '/v2/embed',
    answer: { embeddings: { float: [[1, 0.5]] }, meta: { billed_units: { input_tokens: 3 } } },
    costNano: 300,
  },
  'embeddings of Voyage': {
    ...embeds,
    params: { model: 'voyage/voyage-3.5', ...perToken },
    path: '/embeddings',
    answer: vectors({ total_tokens: 4 }),
    costNano: 400,
  },
  'embeddings of Jina': {
    ...embeds,
    params: { model: 'jina_ai/jina-embeddings-v4', ...perToken },
    path: '/embeddings',
    answer: vectors({ prompt_tokens: 5, total_tokens: 5 }),
    costNano: 500,
  },
  'embeddings of Mistral': {
    ...embeds,
    params: { model: 'mistral/mistral-embed', ...perToken },
    path: '/embeddings',
    answer: vectors({ prompt_tokens: 6, total_tokens: 6 }),
    costNano: 600,
  },
  'embeddings of Gemini': {
    ...embeds,
    params: { model: 'gemini/gemini-embedding-001', ...perToken },
    path: '/models/gemini-embedding-001:batchEmbedContents',
    answer: { embeddings: [{ values: [1, 0.5] }], usageMetadata: { promptTokenCount: 7 } },
    costNano: 700,
  },
  'a batch of embeddings of Gemini': {
    ...embeds,
    params: { model: 'gemini/gemini-embedding-001', ...perToken },
    path: '/models/gemini-embedding-001:batchEmbedContents',
    answer: (sent) => {
      const { requests } = JSON.parse(sent) as { requests: { content: { parts: [{ text: string }] } }[] }
      const embeddings = requests.map(({ content }) => ({ values: [Number(content.parts[0].text.slice(3))] }))
      return { embeddings, usageMetadata: { promptTokenCount: requests.length } }
    },
    // A hundred at a time, in their order.
    ask: async ({ sdk, signal }, model) => {
      const input = Array.from({ length: 102 }, (_, at) => `Hi ${at}`)
      const { data } = await sdk.embeddings.create({ model, input, encoding_format: 'float' }, { signal })
      return data.filter(({ embedding: [value], index }) => value === index).length
    },
    told: 102,
    costNano: 10_200,
  },
  'embeddings of Titan at Bedrock': {
    ...embeds,
    params: { model: 'bedrock/amazon.titan-embed-text-v2:0', ...aws, ...perToken },
    path: '/model/amazon.titan-embed-text-v2%3A0/invoke',
    answer: { embedding: [1, 0.5], inputTextTokenCount: 8 },
    costNano: 800,
  },
  'embeddings of Ollama': {
    ...embeds,
    params: { model: 'ollama/nomic-embed-text', ...perToken },
    path: '/api/embed',
    answer: { embeddings: [[1, 0.5]], prompt_eval_count: 9 },
    costNano: 900,
  },
  'embeddings of vLLM': {
    ...embeds,
    params: { model: 'hosted_vllm/bge-m3', ...perToken },
    path: '/embeddings',
    answer: vectors({ prompt_tokens: 10, total_tokens: 10 }),
    costNano: 1_000,
  },
  'a ranking of Cohere': {
    ...ranks,
    params: { model: 'cohere/rerank-v3.5', ...perQuery },
    mode: 'rerank',
    path: '/v2/rerank',
    answer: { ...ranked, meta: { billed_units: { search_units: 2 } } },
    costNano: 4_000_000,
  },
  'a ranking of Jina': {
    ...ranks,
    params: { model: 'jina_ai/jina-reranker-v2-base-multilingual', ...perToken },
    mode: 'rerank',
    path: '/rerank',
    answer: { ...ranked, usage: { total_tokens: 20 } },
    costNano: 2_000,
  },
  'a ranking of Voyage': {
    ...ranks,
    params: { model: 'voyage/rerank-2.5', ...perToken },
    mode: 'rerank',
    path: '/rerank',
    answer: { data: [{ index: 1, relevance_score: 0.5 }], usage: { total_tokens: 30 } },
    costNano: 3_000,
  },
  'a ranking of vLLM': {
    ...ranks,
    params: { model: 'hosted_vllm/bge-reranker', ...perToken },
    mode: 'rerank',
    path: '/rerank',
    answer: { ...ranked, usage: { total_tokens: 40 } },
    costNano: 4_000,
  },
  'a ranking of Bedrock': {
    ...ranks,
    params: { model: 'bedrock/cohere.rerank-v3-5:0', ...aws, ...perQuery },
    mode: 'rerank',
    path: '/rerank',
    answer: { results: [{ index: 1, relevanceScore: 0.5 }] },
    costNano: 2_000_000,
  },
  'a ranking of Azure AI': {
    ...ranks,
    params: { model: 'azure_ai/cohere-rerank-v4', ...perQuery },
    mode: 'rerank',
    path: '/rerank',
    answer: { ...ranked, meta: { billed_units: { search_units: 1 } } },
    costNano: 2_000_000,
  },
  'a ranking of Vertex AI': {
    ...ranks,
    params: { model: 'vertex_ai/semantic-ranker-512@latest', ...vertex, ...perQuery },
    path: '/projects/project-1/locations/global/rankingConfigs/default_ranking_config:rank',
    says: [...ranks.says, '"topN":1'],
    answer: { records: [{ id: '1', score: 0.5 }] },
    mode: 'rerank',
    costNano: 2_000_000,
  },
  'a ranking of Workers AI': {
    ...ranks,
    params: { model: 'cloudflare/@cf/baai/bge-reranker-base', ...perQuery },
    mode: 'rerank',
    path: '/ai/run/@cf/baai/bge-reranker-base',
    answer: { result: { response: [{ id: 1, score: 0.5 }] } },
    costNano: 2_000_000,
  },
  'a judgement of Mistral': {
    ...moderates,
    params: { model: 'mistral/mistral-moderation-latest', ...perToken },
    path: '/moderations',
    answer: {
      ...{ id: 'm', model: 'm', usage: { prompt_tokens: 11, total_tokens: 11 } },
      results: [{ categories: { violence: false }, category_scores: { violence: 0 } }],
    },
    costNano: 1_100,
  },
  'a picture of Nova Canvas': {
    ...draws,
    params: { model: 'bedrock/amazon.nova-canvas-v1:0', ...aws, ...perPicture },
    path: '/model/amazon.nova-canvas-v1%3A0/invoke',
    answer: { images: ['AA=='] },
  },
  'a picture of Stability at Bedrock': {
    ...draws,
    params: { model: 'bedrock/stability.sd3-5-large-v1:0', ...aws, ...perPicture },
    path: '/model/stability.sd3-5-large-v1%3A0/invoke',
    answer: { images: ['AA=='], finish_reasons: [null] },
  },
  'a picture of Imagen': {
    ...draws,
    params: { model: 'gemini/imagen-4.0-generate-001', ...perPicture },
    path: '/models/imagen-4.0-generate-001:predict',
    answer: { predictions: [{ mimeType: 'image/png', bytesBase64Encoded: 'AA==' }] },
  },
  'a picture of Imagen at Vertex AI': {
    ...draws,
    params: { model: 'vertex_ai/imagen-4.0-generate-001', ...vertex, ...perPicture },
    path: `${atVertex}/imagen-4.0-generate-001:predict`,
    answer: { predictions: [{ mimeType: 'image/png', bytesBase64Encoded: 'AA==' }] },
  },
  'a picture of Gemini at Vertex AI': {
    ...draws,
    params: {
      ...{ model: 'vertex_ai/gemini-2.5-flash-image', ...vertex, input_cost_per_token: 0.0000003 },
      ...{ output_cost_per_token: 0.0000025, output_cost_per_image_token: 0.00003 },
    },
    path: `${atVertex}/gemini-2.5-flash-image:generateContent`,
    answer: {
      candidates: [{ content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }] } }],
      usageMetadata: {
        ...{ promptTokenCount: 4, candidatesTokenCount: 1_290, totalTokenCount: 1_294 },
        candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_290 }],
      },
    },
    costNano: 4 * 300 + 1_290 * 30_000,
  },
  'a picture of Workers AI': {
    ...draws,
    params: { model: 'cloudflare/@cf/black-forest-labs/flux-1-schnell', ...perPicture },
    path: '/ai/run/@cf/black-forest-labs/flux-1-schnell',
    answer: { result: { image: 'AA==' } },
  },
  'a picture of Workers AI by a form': {
    ...draws,
    params: { model: 'cloudflare/@cf/black-forest-labs/flux-2-dev', ...perPicture },
    path: '/ai/run/@cf/black-forest-labs/flux-2-dev',
    says: [PROMPT, 'form-data; name="prompt"'],
    answer: { result: { image: 'AA==' } },
  },
  'a picture of Workers AI in bytes': {
    ...draws,
    params: { model: 'cloudflare/@cf/stabilityai/stable-diffusion-xl-base-1.0', ...perPicture },
    path: '/ai/run/@cf/stabilityai/stable-diffusion-xl-base-1.0',
    answer: { type: 'image/png', bytes: new Uint8Array([0]) },
  },
  'a picture of Together': {
    ...draws,
    params: { model: 'together_ai/black-forest-labs/FLUX.1-schnell', ...perPicture },
    path: '/images/generations',
    answer: { data: [PICTURE] },
  },
  'a picture of xAI': {
    ...draws,
    params: { model: 'xai/grok-2-image', ...perPicture },
    path: '/images/generations',
    answer: { data: [PICTURE] },
  },
  'a picture of DeepInfra': {
    ...draws,
    params: { model: 'deepinfra/black-forest-labs/FLUX-1-schnell', ...perPicture },
    path: '/images/generations',
    answer: { data: [PICTURE] },
  },
  'a picture of Nebius': {
    ...draws,
    params: { model: 'nebius/black-forest-labs/flux-schnell', ...perPicture },
    path: '/images/generations',
    answer: { data: [PICTURE] },
  },
  'what ElevenLabs hears': {
    ...hears,
    params: { model: 'elevenlabs/scribe_v2', ...perSecond },
    path: '/speech-to-text',
    answer: { text: 'Hello there.', audio_duration_secs: 12.5, words: [] },
    costNano: 1_250_000,
  },
  'what Deepgram hears': {
    ...hears,
    params: { model: 'deepgram/nova-3', ...perSecond },
    path: '/listen',
    answer: {
      metadata: { duration: 3 },
      results: { channels: [{ alternatives: [{ transcript: 'Hello there.', words: [] }] }] },
    },
    costNano: 300_000,
  },
  'what Mistral hears': {
    ...hears,
    params: { model: 'mistral/voxtral-mini-latest', ...perSecond },
    path: '/audio/transcriptions',
    answer: { text: 'Hello there.', usage: { prompt_audio_seconds: 10 } },
    costNano: 1_000_000,
  },
  'what Groq hears': {
    ...hears,
    params: { model: 'groq/whisper-large-v3', ...perSecond },
    path: '/audio/transcriptions',
    answer: { text: 'Hello there.', duration: 2, segments: [] },
    costNano: 1_000_000,
  },
  'what Workers AI hears': {
    ...hears,
    params: { model: 'cloudflare/@cf/openai/whisper-large-v3-turbo', ...perSecond },
    path: '/ai/run/@cf/openai/whisper-large-v3-turbo',
    // The file as base64, in JSON.
    says: ['"audio":"/v7+/v7+'],
    answer: { result: { text: 'Hello there.', transcription_info: { duration: 5 } } },
    costNano: 500_000,
  },
  'what vLLM hears': {
    ...hears,
    params: { model: 'hosted_vllm/whisper', ...perSecond },
    path: '/audio/transcriptions',
    answer: { text: 'Hello there.', usage: { type: 'duration', seconds: 4 } },
    costNano: 400_000,
  },
  'what Gemini says': {
    ...speaks,
    params: {
      ...{ model: 'gemini/gemini-2.5-flash-preview-tts', input_cost_per_token: 0.0000005 },
      ...{ output_cost_per_token: 0.000001, output_cost_per_audio_token: 0.00001 },
    },
    path: '/models/gemini-2.5-flash-preview-tts:generateContent',
    says: ['Hello', '"voiceName":"luna"', '"responseModalities":["AUDIO"]'],
    answer: {
      candidates: [
        {
          content: { parts: [{ inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data: 'AQID' } }] },
          finishReason: 'STOP',
        },
      ],
      usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 30, totalTokenCount: 34 },
    },
    told: [0x52, 0x49, 0x46, 0x46, 39, 0, 0, 0],
    // 4 × 500 + 30 × 10,000.
    costNano: 302_000,
  },
  'what Deepgram says': {
    ...speaks,
    params: { model: 'deepgram/aura-2', ...perCharacter },
    path: '/speak',
  },
  'what ElevenLabs says': {
    ...speaks,
    params: { model: 'elevenlabs/eleven_multilingual_v2', ...perCharacter },
    path: '/text-to-speech/luna/stream',
  },
  'what Workers AI says': {
    ...speaks,
    params: { model: 'cloudflare/@cf/deepgram/aura-1', ...perCharacter },
    path: '/ai/run/@cf/deepgram/aura-1',
  },
}

/** What becomes of a request, by the address it is sent to. */
const FATES = ['answers', 'fails', 'is-odd', 'waits'] as const
type Fate = (typeof FATES)[number]
const modelOf = (title: string, fate: Fate) => `${title.replaceAll(' ', '-').toLowerCase()}--${fate}`
const titles = new Map(Object.keys(cases).flatMap((title) => FATES.map((fate) => [modelOf(title, fate), title])))

/** All vendors on one port, each below the name of its model. */
const asked = new Map<string, { path: string; text: string }[]>()
const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const { pathname } = new URL(request.url ?? '/', 'http://x')
    const [, model = ''] = pathname.split('/')
    const one = cases[titles.get(model) ?? '']
    const heard = { path: pathname.slice(model.length + 1), text: Buffer.concat(pieces).toString('latin1') }
    asked.set(model, [...(asked.get(model) ?? []), heard])
    const [, fate] = model.split('--')
    if (one?.params.vertex_credentials !== undefined && request.headers.authorization !== 'Bearer google-token')
      return send(response, 401, { error: { code: 401, message: 'no such token', status: 'UNAUTHENTICATED' } })
    if (!one || fate === 'fails') return send(response, 503, { error: { message: 'overloaded' } })
    if (fate === 'is-odd') return send(response, 200, { unheard: 'of' })
    return void setTimeout(
      () => send(response, 200, typeof one.answer === 'function' ? one.answer(heard.text) : one.answer),
      fate === 'waits' ? 300 : 0,
    )
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => new Promise((resolve) => server.close(resolve)))
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function send(response: ServerResponse, status: number, body: object | Uint8Array): void {
  const bare = body instanceof Uint8Array ? { type: 'audio/mpeg', bytes: body } : body
  const isBare = 'bytes' in bare && bare.bytes instanceof Uint8Array
  response.writeHead(status, { 'content-type': isBare && 'type' in bare ? String(bare.type) : 'application/json' })
  response.end(isBare ? bare.bytes : JSON.stringify(body))
}

/** For every vendor at once, so that they wait for the queue together. */
async function everywhere<T>(ask: (one: Case, title: string) => Promise<T>): Promise<Record<string, T | string>> {
  const found = Object.entries(cases).map(async ([title, one]) => [title, await ask(one, title).catch(String)] as const)
  return Object.fromEntries(await Promise.all(found))
}

const expected = <T>(of: (one: Case, title: string) => T) =>
  Object.fromEntries(Object.entries(cases).map(([title, one]) => [title, of(one, title)]))

const isSound = (callType: string, title: string) => callType === 'aspeech' && title !== 'what Gemini says'

describe('an operation at each of its vendors', () => {
  const row = (model: string, { params, mode }: Case) => `
  - model_name: ${model}
    litellm_params: ${JSON.stringify({ api_key: 'sk-vendor', api_base: `${base}/${model}`, ...params })}${
      mode === undefined ? '' : `\n    model_info: { mode: ${mode} }`
    }`
  const gateway = useGateway({
    providers: false,
    vars: { VERTEX_CREDENTIALS: clouds.vars.VERTEX_CREDENTIALS },
    configFile: configFile(`model_list:${Object.entries(cases)
      .flatMap(([title, one]) => FATES.map((fate) => row(modelOf(title, fate), one)))
      .join('')}
litellm_settings: { num_retries: 0 }
router_settings: { disable_cooldowns: true }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
`),
  })

  async function client(max_budget: number) {
    const { key, token } = await gateway().key({ max_budget })
    const leaving = new AbortController()
    const post: Client['post'] = async (path, body) => {
      const response = await fetch(`${gateway().url()}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: leaving.signal,
      })
      const told = (await response.json()) as { error?: object }
      if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status, ...told.error })
      return told
    }
    const rows = async () =>
      eventually(
        async () =>
          (
            await gateway().db.query<{ call_type: string; cost_nano: string; status: string }>(
              'select call_type, cost_nano, status from spend_log where api_key = $1 order by id',
              [token],
            )
          ).rows,
        ({ length }) => length > 0,
        15_000,
      )
    return { one: { sdk: gateway().openai(key), post, signal: leaving.signal }, rows, leave: () => leaving.abort() }
  }
  const refusal = (error: unknown) => {
    const { status, type } = error as { status?: number; type?: string }
    return { status, type }
  }

  it('is told, and paid for to the nano-dollar', async () => {
    const found = await everywhere(async ({ ask }, title) => {
      const model = modelOf(title, 'answers')
      const { one, rows } = await client(10)
      return { told: await ask(one, model), path: asked.get(model)?.[0]?.path, rows: await rows() }
    })
    expect(found).toEqual(
      expected(({ told, path, callType, costNano }) => ({
        told,
        path,
        rows: [{ call_type: callType, cost_nano: String(costNano), status: 'success' }],
      })),
    )
    for (const [title, { says }] of Object.entries(cases))
      for (const words of says) expect(asked.get(modelOf(title, 'answers'))?.[0]?.text, title).toContain(words)
  })

  it('costs nothing where the vendor fails', async () => {
    const found = await everywhere(async ({ ask }, title) => {
      const { one, rows } = await client(10)
      const error = await ask(one, modelOf(title, 'fails')).catch(refusal)
      return { error, rows: await rows() }
    })
    expect(found).toEqual(
      expected(({ callType }) => ({
        error: { status: 503, type: 'upstream_error' },
        rows: [{ call_type: callType, cost_nano: '0', status: 'failure' }],
      })),
    )
  })

  it('is no answer where the vendor says something else', async () => {
    const found = await everywhere(async ({ ask, callType }, title) => {
      const { one, rows } = await client(10)
      // Whatever bytes there are may be sound.
      if (isSound(callType, title)) return 'sound'
      const error = await ask(one, modelOf(title, 'is-odd')).catch(refusal)
      const [row] = await rows()
      return { error, status: row?.status }
    })
    expect(found).toEqual(
      expected(({ callType }, title) =>
        isSound(callType, title) ? 'sound' : { error: { status: 502, type: 'upstream_error' }, status: 'failure' },
      ),
    )
  })

  it('is refused before the vendor is asked once the budget has run out', async () => {
    const found = await everywhere(async ({ ask }, title) => {
      const model = modelOf(title, 'answers')
      const before = asked.get(model)?.length
      const { one } = await client(0.000_000_001)
      const error = await ask(one, model).catch(refusal)
      return { error, isAsked: asked.get(model)?.length !== before }
    })
    expect(found).toEqual(expected(() => ({ error: { status: 429, type: 'budget_exceeded' }, isAsked: false })))
  })

  it('is recorded once and paid for, by a client that left while the vendor worked', async () => {
    const found = await everywhere(async ({ ask }, title) => {
      const model = modelOf(title, 'waits')
      const { one, rows, leave } = await client(10)
      const asking = ask(one, model).catch(() => 'left')
      await eventually(
        () => Promise.resolve(asked.has(model)),
        (isAsked) => isAsked,
      )
      leave()
      const answer = await asking
      return { answer, rows: (await rows()).map(({ cost_nano }) => cost_nano) }
    })
    expect(found).toEqual(expected(({ costNano }) => ({ answer: 'left', rows: [String(costNano)] })))
  })
})
