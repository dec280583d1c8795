export type DialectName = 'openai' | 'anthropic' | 'responses' | 'gemini'

/** A model of every family that has a tongue or an accent of its own. */
export const models = {
  openai: 'openai/gpt-5',
  responses: 'openai/responses/gpt-5',
  azure: 'azure/gpt-5',
  anthropic: 'anthropic/claude-sonnet-4-5-20250929',
  vertex_claude: 'vertex_ai/claude-sonnet-4-5@20250929',
  gemini: 'gemini/gemini-2.5-flash',
  vertex_ai: 'vertex_ai/gemini-2.5-flash',
  bedrock: 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
  nova: 'bedrock/amazon.nova-pro-v1:0',
  ollama: 'ollama/qwen3',
  mistral: 'mistral/mistral-medium-latest',
  openrouter: 'openrouter/anthropic/claude-sonnet-4.5',
  groq: 'groq/openai/gpt-oss-120b',
  deepseek: 'deepseek/deepseek-chat',
  xai: 'xai/grok-4',
  together_ai: 'together_ai/openai/gpt-oss-120b',
  fireworks_ai: 'fireworks_ai/gpt-oss-120b',
  perplexity: 'perplexity/sonar-pro',
  cerebras: 'cerebras/gpt-oss-120b',
  hosted_vllm: 'hosted_vllm/qwen3',
  huggingface: 'huggingface/meta-llama/Llama-3.3-70B-Instruct',
  cohere: 'cohere/command-a-03-2025',
} as const

export type Family = keyof typeof models

export const families = Object.keys(models) as readonly Family[]

/** The dialect that a family speaks itself: what is said in it goes as it is. */
export const native: Readonly<Partial<Record<Family, DialectName>>> = {
  openai: 'openai',
  responses: 'responses',
  anthropic: 'anthropic',
  vertex_claude: 'anthropic',
  gemini: 'gemini',
  vertex_ai: 'gemini',
}

/** Whose words a family takes where it has none of its own. */
export const kin: Readonly<Partial<Record<Family, Family>>> = {
  azure: 'openai',
  vertex_claude: 'anthropic',
  vertex_ai: 'gemini',
  nova: 'bedrock',
  mistral: 'openai',
  openrouter: 'openai',
  groq: 'openai',
  deepseek: 'openai',
  xai: 'openai',
  together_ai: 'openai',
  fireworks_ai: 'openai',
  perplexity: 'openai',
  cerebras: 'openai',
  hosted_vllm: 'openai',
  huggingface: 'openai',
  cohere: 'openai',
}

export const smallest = {
  openai: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  anthropic: { model: 'm', max_tokens: 9000, messages: [{ role: 'user', content: 'Hi' }] },
  responses: { model: 'm', input: [{ type: 'message', role: 'user', content: 'Hi' }] },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
}
