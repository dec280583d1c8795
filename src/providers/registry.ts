import { anthropic } from './anthropic.ts'
import { cerebras } from './cerebras.ts'
import { deepseek } from './deepseek.ts'
import { fireworks } from './fireworks.ts'
import { gemini } from './gemini.ts'
import { groq } from './groq.ts'
import { huggingface } from './huggingface.ts'
import { mistral } from './mistral.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'
import { perplexity } from './perplexity.ts'
import { together } from './together.ts'
import type { Vendor } from './translator.ts'
import { customOpenai, hostedVllm, vllm } from './vllm.ts'
import { xai } from './xai.ts'

/** A vendor is a file and a line here; its name is the prefix of `litellm_params.model`. */
export const providers = {
  openai,
  anthropic,
  gemini,
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
} satisfies Record<string, Vendor>

export type ProviderId = keyof typeof providers
