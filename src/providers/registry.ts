import type { Deployment } from '../config/config.ts'
import { anthropic } from './anthropic.ts'
import { azure, azureResponses } from './azure.ts'
import { azureAi, azureAiClaude } from './azure-ai.ts'
import { bedrock } from './bedrock.ts'
import { cerebras } from './cerebras.ts'
import { cloudflare } from './cloudflare.ts'
import { cohere } from './cohere.ts'
import { compatibleVendors } from './compatible-vendors.ts'
import { databricks } from './databricks.ts'
import { deepgram } from './deepgram.ts'
import { deepseek } from './deepseek.ts'
import { elevenlabs } from './elevenlabs.ts'
import { fireworks } from './fireworks.ts'
import { gemini } from './gemini.ts'
import { groq } from './groq.ts'
import { huggingface } from './huggingface.ts'
import { jina } from './jina.ts'
import { mistral } from './mistral.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { openaiResponses } from './openai-responses.ts'
import { openrouter } from './openrouter.ts'
import { perplexity } from './perplexity.ts'
import { snowflake } from './snowflake.ts'
import { textCompletionOpenai } from './text-completion-openai.ts'
import { together } from './together.ts'
import type { Vendor } from './translator.ts'
import { vertexAnthropic, vertexGemini, vertexPublisher } from './vertex.ts'
import { customOpenai, hostedVllm, vllm } from './vllm.ts'
import { voyage } from './voyage.ts'
import { xai } from './xai.ts'

/** A vendor is a file and a line here, or a line in `compatible-vendors.ts`; its name is the prefix of `litellm_params.model`. */
export const providers = {
  openai,
  'text-completion-openai': textCompletionOpenai,
  azure,
  azure_ai: azureAi,
  anthropic,
  bedrock,
  bedrock_converse: bedrock,
  gemini,
  vertex_ai: vertexGemini,
  vertex_ai_beta: vertexGemini,
  ollama,
  ollama_chat: ollama,
  hosted_vllm: hostedVllm,
  vllm,
  huggingface,
  custom_openai: customOpenai,
  groq,
  mistral,
  deepseek,
  xai,
  together_ai: together,
  fireworks_ai: fireworks,
  openrouter,
  perplexity,
  cerebras,
  cohere,
  cohere_chat: cohere,
  databricks,
  snowflake,
  cloudflare,
  deepgram,
  elevenlabs,
  jina_ai: jina,
  voyage,
  ...compatibleVendors,
} satisfies Record<string, Vendor>

export type ProviderId = keyof typeof providers

type Asked = Pick<Deployment, 'provider' | 'model' | 'mode'>

/** Vendors that speak more than one tongue, by the model that is asked. */
const byModel: Readonly<Partial<Record<ProviderId, (asked: Asked) => Vendor>>> = {
  openai: (asked) => (isResponses(asked) ? openaiResponses : openai),
  azure: (asked) => (isResponses(asked) ? azureResponses : azure),
  azure_ai: ({ model }) => (/^claude/.test(model) ? azureAiClaude : azureAi),
  vertex_ai: vertexOf,
  vertex_ai_beta: vertexOf,
}

/** The vendor's file for one of its models; undefined for a vendor that nobody has written. */
export function vendorFor(asked: Asked): Vendor | undefined {
  const { provider } = asked
  return isBuilt(provider) ? (byModel[provider]?.(asked) ?? providers[provider]) : undefined
}

function isBuilt(provider: string): provider is ProviderId {
  return Object.hasOwn(providers, provider)
}

function vertexOf({ model }: Asked): Vendor {
  return vertexPublisher(model) === 'anthropic' ? vertexAnthropic : vertexGemini
}

/** LiteLLM's mark for models that are asked by Responses; some have nothing else. */
function isResponses({ model, mode }: Asked): boolean {
  return mode === 'responses' || model.startsWith('responses/')
}
