import { openaiCompatible } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import type { Provider } from './provider.ts'

const whole = (defaults: Provider['defaults']) => ({
  ...openaiCompatible(defaults),
  embedding: openaiEmbedding(defaults),
})

/** vLLM's own server. It needs a key only when it was started with one. */
export const hostedVllm = whole({ apiBaseEnv: 'HOSTED_VLLM_API_BASE', apiKeyEnv: 'HOSTED_VLLM_API_KEY' })

/** LiteLLM's name for the same server on one's own machine. */
export const vllm = whole({ apiBaseEnv: 'VLLM_API_BASE', apiKeyEnv: 'VLLM_API_KEY' })

/** Anything else that speaks OpenAI's chat. It borrows no variable: a stranger's address must not be sent OpenAI's key. */
export const customOpenai = whole({})
