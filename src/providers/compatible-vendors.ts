import { type Fields, fields, isFields, number } from '../dialects/loose-json.ts'
import { openModels } from './open-models.ts'
import { openaiAll } from './openai-all.ts'
import { openaiSpeech, openaiTranscription } from './openai-audio.ts'
import { type Accent, type OpenaiCompatible, openaiCompatible } from './openai-compatible.ts'
import { olderMaximum } from './openai-compatible-messages.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { openaiImages } from './openai-images.ts'
import { rerankAt } from './openai-rerank.ts'
import type { Provider } from './provider.ts'
import { openaiReach } from './task-request.ts'
import type { EmbeddingTranslator, Vendor } from './translator.ts'
import { unsupported } from './unsupported.ts'

type Home = Required<Pick<Provider['defaults'], 'apiKeyEnv'>> & Provider['defaults']

/** A vendor of chats alone. */
const chats = (home: Home, accent: Accent = openModels): OpenaiCompatible => openaiCompatible(home, accent)

/** One of embeddings too. */
const both = (home: Home, accent: Accent = openModels): OpenaiCompatible & { embedding: EmbeddingTranslator } => ({
  ...openaiCompatible(home, accent),
  embedding: openaiEmbedding(home),
})

/** Of pictures beside those. */
const drawing = (home: Home, accent: Accent = openModels) => ({
  ...both(home, accent),
  images: { generations: openaiImages(openaiReach(home, '/images/generations')) },
})

/** Of all that OpenAI has, and of reranking. */
const all = (home: Home, accent: Accent = openModels) => ({
  ...openaiCompatible(home, accent),
  ...openaiAll(home),
  reranking: rerankAt(home),
})

/** deepinfra.com/docs: pictures, voices and ears at OpenAI's paths. */
const deepinfra = (home: Home) => ({
  ...drawing(home),
  speech: openaiSpeech(openaiReach(home, '/audio/speech')),
  transcription: {
    transcriptions: openaiTranscription(openaiReach(home, '/audio/transcriptions')),
    translations: openaiTranscription(openaiReach(home, '/audio/translations')),
  },
})

/** Addresses and variables as LiteLLM has them. */
const at = (apiBase: string, name: string, keyEnv = `${name}_API_KEY`): Home => ({
  apiBase,
  apiBaseEnv: `${name}_API_BASE`,
  apiKeyEnv: keyEnv,
})
/** One's own server has no address of its vendor's, and often no key. */
const own = (name: string): Home => ({ apiBaseEnv: `${name}_API_BASE`, apiKeyEnv: `${name}_API_KEY` })

/** docs.sambanova.ai, API reference: only these of OpenAI's sampling parameters. */
const SAMBANOVA: Accent = {
  ...openModels,
  lacks: ['logprobs', 'top_logprobs', 'n', 'logit_bias', 'presence_penalty', 'frequency_penalty'],
}

/** docs.z.ai, chat completion: any JSON but no schemas, one choice, no penalties; `thinking` is switched on and off. */
const ZAI: Accent = {
  knows: ['reasoning_content', 'thinking'],
  lacks: ['logit_bias', 'n', 'logprobs', 'top_logprobs', 'frequency_penalty', 'presence_penalty', 'seed'],
  body(body, target) {
    const { response_format, ...rest } = olderMaximum(body)
    const shaped = fields(response_format).type === 'json_schema'
    unsupported(shaped ? ['response_format'] : [], target)
    return { ...rest, ...(response_format !== undefined && !shaped && { response_format }) }
  },
}

/** platform.moonshot.ai, chat: cached tokens stand beside the others, and a stream's usage in its last choice. */
const MOONSHOT: Accent = {
  knows: ['reasoning_content', 'thinking'],
  lacks: ['logit_bias', 'logprobs', 'top_logprobs'],
  body: olderMaximum,
  plain(answer) {
    const [choice] = Array.isArray(answer.choices) ? answer.choices : []
    const { usage } = fields(choice)
    return isFields(answer.usage) || !isFields(usage) ? answer : { ...answer, usage }
  },
  counts: besideCached,
}

function besideCached(usage: Fields): Fields {
  const cached = number(usage.cached_tokens)
  if (cached === undefined || isFields(usage.prompt_tokens_details)) return usage
  return { ...usage, prompt_tokens_details: { cached_tokens: cached } }
}

/** help.aliyun.com, Model Studio's OpenAI mode: thinking has switches of its own. */
const DASHSCOPE: Accent = {
  ...openModels,
  knows: [...openModels.knows, 'enable_thinking', 'thinking_budget', 'enable_search'],
  lacks: ['logit_bias'],
}

/** volcengine.com, Ark: `thinking` is switched on and off. */
const VOLCENGINE: Accent = { ...openModels, knows: [...openModels.knows, 'thinking'] }

/**
 * docs.inceptionlabs.ai, and LiteLLM's list of what it takes: no sampling but the temperature, and efforts that begin with
 * its own `instant`. `diffusing` says the whole text again in every event of a stream, which no reader of OpenAI's streams
 * could tell from more of it.
 */
const INCEPTION: Accent = {
  lacks: [
    ...['n', 'seed', 'top_p', 'frequency_penalty', 'presence_penalty', 'logit_bias', 'logprobs', 'top_logprobs'],
    'diffusing',
  ],
  body(body) {
    const { reasoning_effort, ...rest } = olderMaximum(body)
    return { ...rest, ...(reasoning_effort !== undefined && { reasoning_effort: inceptionEffort(reasoning_effort) }) }
  },
}

function inceptionEffort(effort: unknown): unknown {
  if (effort === 'none' || effort === 'minimal') return 'instant'
  return effort === 'xhigh' || effort === 'max' ? 'high' : effort
}

/** Another gateway of LiteLLM's kind understands all that callers of LiteLLM say. */
const GATEWAY: Accent = { keepsUp: true, knows: ['reasoning_content', 'thinking_blocks', 'thinking', 'top_k'] }

/**
 * Vendors that speak OpenAI's chat completions and differ in little but their address: a line each, by LiteLLM's names.
 * One that differs in more than its accent has a file.
 */
export const compatibleVendors = {
  ai21_chat: chats(at('https://api.ai21.com/studio/v1', 'AI21')),
  aiml: both(at('https://api.aimlapi.com/v1', 'AIML')),
  baseten: chats(at('https://inference.baseten.co/v1', 'BASETEN')),
  compactifai: chats(at('https://api.compactif.ai/v1', 'COMPACTIFAI')),
  dashscope: both(at('https://dashscope-intl.aliyuncs.com/compatible-mode/v1', 'DASHSCOPE'), DASHSCOPE),
  deepinfra: deepinfra(at('https://api.deepinfra.com/v1/openai', 'DEEPINFRA')),
  docker_model_runner: both(own('DOCKER_MODEL_RUNNER')),
  featherless_ai: chats(at('https://api.featherless.ai/v1', 'FEATHERLESS_AI')),
  friendliai: chats(at('https://api.friendli.ai/serverless/v1', 'FRIENDLI', 'FRIENDLI_TOKEN')),
  github: both(at('https://models.github.ai/inference', 'GITHUB')),
  gradient_ai: chats(at('https://inference.do-ai.run/v1', 'GRADIENT_AI')),
  heroku: chats(own('HEROKU')),
  hyperbolic: chats(at('https://api.hyperbolic.xyz/v1', 'HYPERBOLIC')),
  inception: chats(at('https://api.inceptionlabs.ai/v1', 'INCEPTION'), INCEPTION),
  lambda_ai: chats(at('https://api.lambda.ai/v1', 'LAMBDA')),
  litellm_proxy: all(own('LITELLM_PROXY'), GATEWAY),
  llamafile: both(own('LLAMAFILE')),
  lm_studio: both(own('LM_STUDIO')),
  meta_llama: chats(at('https://api.llama.com/compat/v1', 'LLAMA')),
  minimax: chats(at('https://api.minimax.io/v1', 'MINIMAX')),
  moonshot: chats(at('https://api.moonshot.ai/v1', 'MOONSHOT'), MOONSHOT),
  morph: chats(at('https://api.morphllm.com/v1', 'MORPH')),
  nebius: drawing(at('https://api.studio.nebius.ai/v1', 'NEBIUS')),
  novita: both(at('https://api.novita.ai/v3/openai', 'NOVITA')),
  nscale: chats(at('https://inference.api.nscale.com/v1', 'NSCALE')),
  nvidia_nim: both(at('https://integrate.api.nvidia.com/v1', 'NVIDIA_NIM')),
  ovhcloud: both(at('https://oai.endpoints.kepler.ai.cloud.ovh.net/v1', 'OVHCLOUD')),
  sambanova: both(at('https://api.sambanova.ai/v1', 'SAMBANOVA'), SAMBANOVA),
  v0: chats(at('https://api.v0.dev/v1', 'V0')),
  vercel_ai_gateway: both(at('https://ai-gateway.vercel.sh/v1', 'VERCEL_AI_GATEWAY'), GATEWAY),
  volcengine: both(at('https://ark.cn-beijing.volces.com/api/v3', 'VOLCENGINE'), VOLCENGINE),
  wandb: chats(at('https://api.inference.wandb.ai/v1', 'WANDB')),
  xinference: all(own('XINFERENCE')),
  zai: chats(at('https://api.z.ai/api/paas/v4', 'ZAI'), ZAI),
} satisfies Record<string, OpenaiCompatible & Partial<Vendor>>
