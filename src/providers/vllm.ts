import { openaiCompatible } from './openai-compatible.ts'

/** vLLM's own server. It needs a key only when it was started with one. */
export const hostedVllm = openaiCompatible({ apiBaseEnv: 'HOSTED_VLLM_API_BASE', apiKeyEnv: 'HOSTED_VLLM_API_KEY' })

/** LiteLLM's name for the same server on one's own machine. */
export const vllm = openaiCompatible({ apiBaseEnv: 'VLLM_API_BASE', apiKeyEnv: 'VLLM_API_KEY' })

/** Anything else that speaks OpenAI's chat. It borrows no variable: a stranger's address must not be sent OpenAI's key. */
export const customOpenai = openaiCompatible({})
