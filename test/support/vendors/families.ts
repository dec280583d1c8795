import { fakeAnthropic } from './anthropic.ts'
import { fakeBedrock } from './bedrock.ts'
import { fakeGemini } from './gemini.ts'
import { fakeOllama } from './ollama.ts'
import { fakeOpenaiChat } from './openai-chat.ts'
import { fakeResponses } from './openai-responses.ts'
import type { FakeVendor } from './words.ts'

/** One family of vendors as the matrix asks it. */
export interface Family {
  readonly vendor: FakeVendor
  /** `litellm_params`, beside the address. */
  readonly params: Readonly<Record<string, string>>
  /** Below the stand-in's own address. */
  readonly base: string
  readonly isAt: RegExp
  /** The header that must hold this family's own key. */
  readonly key: readonly [header: string, value: RegExp]
  /** `model_info.base_model`. */
  readonly baseModel?: string
  /**
   * Whether its thoughts come back signed, are shown unsigned, are only counted, or are not its own to be asked for.
   */
  readonly thinks: 'signed' | 'shown' | 'counted'
  readonly countsCache?: false
  readonly countsReasoning?: false
  /** What the vendor itself cannot do, by scenario: the caller must be told so, by a 400. */
  readonly cannot?: Readonly<Record<string, string>>
}

const bearer = ['authorization', /^Bearer sk-vendor$/] as const
const apiKey = { api_key: 'sk-vendor' }
const NO_TOOLS = 'it takes no tools'
const nineLetters = /^[A-Za-z0-9]{9}$/

export const families: Readonly<Record<string, Family>> = {
  openai: {
    vendor: fakeOpenaiChat(),
    params: { model: 'openai/gpt-5-mini', ...apiKey },
    base: '/openai/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'counted',
  },
  responses: {
    vendor: fakeResponses,
    params: { model: 'openai/responses/gpt-5-mini', ...apiKey },
    base: '/responses/v1',
    isAt: /^\/responses$/,
    key: bearer,
    baseModel: 'gpt-5-mini',
    thinks: 'signed',
  },
  azure: {
    vendor: fakeOpenaiChat({
      firstChunk: {
        choices: [],
        created: 0,
        id: '',
        model: '',
        object: '',
        prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { filtered: false } } }],
      },
    }),
    params: { model: 'azure/my-gpt', api_key: 'sk-vendor', api_version: '2024-10-21' },
    base: '/azure',
    isAt: /^\/openai\/deployments\/my-gpt\/chat\/completions$/,
    key: ['api-key', /^sk-vendor$/],
    baseModel: 'azure/gpt-5-mini',
    thinks: 'counted',
  },
  anthropic: {
    vendor: fakeAnthropic(),
    params: { model: 'anthropic/claude-sonnet-4-5-20250929', ...apiKey },
    base: '/anthropic',
    isAt: /^\/v1\/messages$/,
    key: ['x-api-key', /^sk-vendor$/],
    thinks: 'signed',
    countsReasoning: false,
  },
  gemini: {
    vendor: fakeGemini({ third: true }),
    params: { model: 'gemini/gemini-3-pro-preview', ...apiKey },
    base: '/gemini/v1beta',
    isAt: /^\/models\/gemini-3-pro-preview:(?:generateContent|streamGenerateContent)$/,
    key: ['x-goog-api-key', /^sk-vendor$/],
    thinks: 'signed',
  },
  'vertex-gemini': {
    vendor: fakeGemini(),
    params: {
      model: 'vertex_ai/gemini-2.5-flash',
      vertex_location: 'europe-west1',
      vertex_credentials: 'os.environ/VERTEX_CREDENTIALS',
    },
    base: '/vertex-gemini',
    isAt: /publishers\/google\/models\/gemini-2.5-flash:(?:generateContent|streamGenerateContent)$/,
    key: ['authorization', /^Bearer google-token$/],
    thinks: 'signed',
  },
  'vertex-claude': {
    vendor: fakeAnthropic({ vertex: true }),
    params: {
      model: 'vertex_ai/claude-sonnet-4-5@20250929',
      vertex_location: 'europe-west1',
      vertex_credentials: 'os.environ/VERTEX_CREDENTIALS',
    },
    base: '/vertex-claude',
    isAt: /publishers\/anthropic\/models\/claude-sonnet-4-5(?:@|%40)20250929:(?:rawPredict|streamRawPredict)$/,
    key: ['authorization', /^Bearer google-token$/],
    thinks: 'signed',
    countsReasoning: false,
  },
  bedrock: {
    vendor: fakeBedrock,
    params: {
      model: 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
      aws_region_name: 'eu-central-1',
      aws_access_key_id: 'AKIDEXAMPLE',
      aws_secret_access_key: 'sk-vendor',
    },
    base: '/bedrock',
    isAt: /^\/model\/anthropic.claude-sonnet-4-5-20250929-v1(?::|%3A)0\/converse(?:-stream)?$/,
    key: ['authorization', /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//],
    thinks: 'signed',
    countsReasoning: false,
  },
  ollama: {
    vendor: fakeOllama,
    params: { model: 'ollama_chat/qwen3' },
    base: '/ollama',
    isAt: /^\/api\/chat$/,
    key: ['content-type', /json/],
    thinks: 'shown',
    countsCache: false,
    cannot: { forced: 'it has no tool_choice, with which this SDK asks for a shape' },
    countsReasoning: false,
  },
  vllm: {
    vendor: fakeOpenaiChat({ lenient: true, thoughts: 'reasoning_content' }),
    params: { model: 'hosted_vllm/Qwen/Qwen3-8B', ...apiKey },
    base: '/vllm/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'shown',
  },
  tgi: {
    vendor: fakeOpenaiChat({ lenient: true, roles: 'system user assistant tool' }),
    params: { model: 'huggingface/tgi', ...apiKey },
    base: '/tgi',
    isAt: /^\/v1\/chat\/completions$/,
    key: bearer,
    thinks: 'counted',
  },
  groq: {
    vendor: fakeOpenaiChat({
      thoughts: 'reasoning',
      knows: 'include_reasoning reasoning_format',
      lacks: 'logprobs top_logprobs logit_bias',
      message: 'reasoning',
      lastChunk: (usage) => ({ x_groq: { id: 'req_1', usage } }),
    }),
    params: { model: 'groq/openai/gpt-oss-20b', ...apiKey },
    base: '/groq/openai/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'shown',
  },
  mistral: {
    vendor: fakeOpenaiChat({
      thoughts: 'parts',
      knows: 'random_seed safe_prompt prompt_mode prefix',
      lacks:
        'seed max_completion_tokens logprobs top_logprobs logit_bias user stream_options store service_tier modalities audio verbosity web_search_options',
      roles: 'system user assistant tool',
      toolChoices: 'none auto any required',
      callId: nineLetters,
    }),
    params: { model: 'mistral/magistral-medium-2509', ...apiKey },
    base: '/mistral/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'shown',
  },
  deepseek: {
    vendor: fakeOpenaiChat({
      thoughts: 'reasoning_content',
      knows: 'thinking',
      lacks: 'max_completion_tokens n logit_bias',
      roles: 'system user assistant tool',
      message: 'reasoning_content prefix',
      wantsThoughts: true,
      textOnly: true,
      usage: {
        prompt_cache_hit_tokens: 4,
        prompt_cache_miss_tokens: 7,
      },
    }),
    params: { model: 'deepseek/deepseek-reasoner', ...apiKey },
    base: '/deepseek',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'shown',
    cannot: { image: 'its models read text only', structured: 'it has any JSON, but no schemas' },
  },
  xai: {
    vendor: fakeOpenaiChat({
      lacks: 'logit_bias audio prediction verbosity',
      // Reasoning is beside the completion, and the total holds both.
      usage: { completion_tokens: 5, total_tokens: 19, num_sources_used: 0 },
    }),
    params: { model: 'xai/grok-3-mini', ...apiKey },
    base: '/xai/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'counted',
  },
  together: {
    vendor: fakeOpenaiChat({ thoughts: 'reasoning', knows: 'top_k', message: 'reasoning' }),
    params: { model: 'together_ai/openai/gpt-oss-20b', ...apiKey },
    base: '/together/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'shown',
  },
  fireworks: {
    vendor: fakeOpenaiChat({ thoughts: 'reasoning_content', knows: 'top_k', message: 'reasoning_content' }),
    params: { model: 'fireworks_ai/gpt-oss-20b', ...apiKey },
    base: '/fireworks/inference/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'shown',
  },
  openrouter: {
    vendor: fakeOpenaiChat({
      thoughts: 'reasoning',
      knows: 'reasoning top_k models provider plugins',
      message: 'reasoning reasoning_details',
      usage: { cost: 0.0001, is_byok: false },
    }),
    params: { model: 'openrouter/openai/gpt-oss-20b', ...apiKey },
    base: '/openrouter/api/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'shown',
  },
  perplexity: {
    vendor: fakeOpenaiChat({
      knows: 'top_k search_mode search_domain_filter',
      lacks: 'tools tool_choice parallel_tool_calls logit_bias n seed audio prediction user safety_identifier store',
      // What deep research thought is beside the completion, and nothing is said of caches.
      usage: {
        completion_tokens: 5,
        total_tokens: 16,
        reasoning_tokens: 3,
        citation_tokens: 0,
        prompt_tokens_details: undefined,
        completion_tokens_details: undefined,
      },
    }),
    params: { model: 'perplexity/sonar-deep-research', ...apiKey },
    base: '/perplexity',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'counted',
    countsCache: false,
    cannot: {
      tools: NO_TOOLS,
      parallel: NO_TOOLS,
      results: NO_TOOLS,
      reasoning: NO_TOOLS,
      thinkstream: NO_TOOLS,
      forced: 'it has no tools, with which this SDK asks for a shape',
    },
  },
  cerebras: {
    vendor: fakeOpenaiChat({
      thoughts: 'reasoning',
      knows: 'disable_reasoning clear_thinking',
      lacks: 'frequency_penalty presence_penalty logit_bias n max_tokens',
      message: 'reasoning',
    }),
    params: { model: 'cerebras/gpt-oss-120b', ...apiKey },
    base: '/cerebras/v1',
    isAt: /^\/chat\/completions$/,
    key: bearer,
    thinks: 'shown',
  },
}
