/** Prefixes that LiteLLM knows as vendors. Which of them are built is the registry's to say. */
export const knownVendors: readonly string[] = [
  'openai',
  'text-completion-openai',
  'custom_openai',
  'openai_like',
  'hosted_vllm',
  'vllm',
  'llamafile',
  'lm_studio',
  'docker_model_runner',
  'xinference',
  'ollama',
  'ollama_chat',
  'oobabooga',
  'petals',
  'triton',
  'anthropic',
  'anthropic_text',
  'azure',
  'azure_text',
  'azure_ai',
  'bedrock',
  'bedrock_converse',
  'sagemaker',
  'sagemaker_chat',
  'amazon_nova',
  'vertex_ai',
  'vertex_ai_beta',
  'gemini',
  'palm',
  'groq',
  'mistral',
  'codestral',
  'text-completion-codestral',
  'deepseek',
  'xai',
  'cohere',
  'cohere_chat',
  'openrouter',
  'vercel_ai_gateway',
  'together_ai',
  'fireworks_ai',
  'perplexity',
  'cerebras',
  'sambanova',
  'nvidia_nim',
  'deepinfra',
  'anyscale',
  'novita',
  'hyperbolic',
  'inception',
  'lambda_ai',
  'nebius',
  'nscale',
  'featherless_ai',
  'friendliai',
  'galadriel',
  'baseten',
  'replicate',
  'huggingface',
  'databricks',
  'snowflake',
  'watsonx',
  'watsonx_text',
  'oci',
  'cloudflare',
  'github',
  'github_copilot',
  'gradient_ai',
  'predibase',
  'clarifai',
  'nlp_cloud',
  'aleph_alpha',
  'ai21',
  'ai21_chat',
  'maritalk',
  'gigachat',
  'moonshot',
  'dashscope',
  'zai',
  'minimax',
  'volcengine',
  'voyage',
  'jina_ai',
  'infinity',
  'topaz',
  'assemblyai',
  'deepgram',
  'elevenlabs',
  'recraft',
  'runwayml',
  'fal_ai',
  'stability',
  'meta_llama',
  'datarobot',
  'v0',
  'morph',
  'heroku',
  'ovhcloud',
  'wandb',
  'cometapi',
  'aiml',
  'dotprompt',
  'bytez',
  'compactifai',
  'litellm_proxy',
  'custom',
]

/** Names that are clear without a prefix, as LiteLLM reads them. */
const families: readonly (readonly [RegExp, string])[] = [
  [
    /^(gpt-|chatgpt-|o[134](-|$)|codex-|ft:gpt-|text-embedding-(3|ada)|whisper-|tts-|dall-e|omni-moderation|text-moderation|computer-use)/,
    'openai',
  ],
  [/^(davinci-002|babbage-002|ft:(davinci|babbage))/, 'text-completion-openai'],
  [/^claude-/, 'anthropic'],
  [/^(gemini-|text-bison|chat-bison|imagen-)/, 'vertex_ai'],
  [/^(anthropic|amazon|meta|mistral|cohere|ai21|deepseek)\.[a-z]/, 'bedrock'],
  [/^(command|c4ai-aya)/, 'cohere_chat'],
  [/^(embed-(english|multilingual)|rerank-)/, 'cohere'],
]

/** The same as patterns of wildcards, for names that only a request will tell. */
export const familyPatterns: readonly (readonly [string, string])[] = [
  ...['gpt-*', 'chatgpt-*', 'o1*', 'o3*', 'o4-*', 'codex-*', 'ft:gpt-*', 'text-embedding-*'].map(
    (pattern) => [pattern, 'openai'] as const,
  ),
  ['claude-*', 'anthropic'],
  ['gemini-*', 'vertex_ai'],
]

export interface VendorModel {
  readonly provider: string
  /** The model's name at the vendor. */
  readonly model: string
}

/** Which vendor a `litellm_params.model` is at; undefined when the name does not say. */
export function vendorOf(name: string, named: string | undefined, built: readonly string[]): VendorModel | undefined {
  const slash = name.indexOf('/')
  const prefix = slash > 0 ? name.slice(0, slash) : undefined
  const rest = slash > 0 ? name.slice(slash + 1) : name
  if (named !== undefined) return { provider: named, model: prefix === named ? rest : name }
  if (prefix !== undefined && (built.includes(prefix) || knownVendors.includes(prefix)))
    return { provider: prefix, model: rest }
  const family = families.find(([pattern]) => pattern.test(name))
  return family && { provider: family[1], model: name }
}
