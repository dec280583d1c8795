import type { ChatMessage } from '../dialects/chat.ts'
import { text } from '../dialects/loose-json.ts'
import { openaiAll } from './openai-all.ts'
import { openaiTranscription } from './openai-audio.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { rerankAt } from './openai-rerank.ts'
import type { Provider } from './provider.ts'
import { openaiReach } from './task-request.ts'

/**
 * vLLM passes over what it does not know, and hands messages to the model's own template: those
 * read thoughts of a turn that still uses tools, as `reasoning_content` or, since vLLM 0.12, as `reasoning`.
 */
const whole = (defaults: Provider['defaults']) => ({
  ...openaiCompatible(defaults, {
    knows: ['reasoning_content', 'top_k'],
    body: ({ messages, ...body }) => ({ ...body, messages: messages.map(twiceThought) }),
  }),
  embedding: openaiEmbedding(defaults),
  reranking: rerankAt(defaults),
  transcription: {
    transcriptions: openaiTranscription(openaiReach(defaults, '/audio/transcriptions')),
    translations: openaiTranscription(openaiReach(defaults, '/audio/translations')),
  },
})

function twiceThought(message: ChatMessage): ChatMessage {
  const thought = text(message.reasoning_content)
  return thought === undefined ? message : { ...message, reasoning: thought }
}

/** vLLM's own server. It needs a key only when it was started with one. */
export const hostedVllm = whole({ apiBaseEnv: 'HOSTED_VLLM_API_BASE', apiKeyEnv: 'HOSTED_VLLM_API_KEY' })

/** LiteLLM's name for the same server on one's own machine. */
export const vllm = whole({ apiBaseEnv: 'VLLM_API_BASE', apiKeyEnv: 'VLLM_API_KEY' })

/** Anything else that speaks OpenAI's chat. It borrows no variable: a stranger's address must not be sent OpenAI's key. */
export const customOpenai = {
  ...openaiCompatible({}),
  ...openaiAll({}),
  reranking: rerankAt({}),
}
