import { openai } from './openai.ts'
import type { Provider } from './provider.ts'
import { customOpenai, hostedVllm, vllm } from './vllm.ts'

/** A vendor is a file and a line here; its name is the prefix of `litellm_params.model`. */
export const providers = {
  openai,
  hosted_vllm: hostedVllm,
  vllm,
  custom_openai: customOpenai,
} satisfies Record<string, Provider>

export type ProviderId = keyof typeof providers
