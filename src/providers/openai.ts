import { openaiCompatible } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import type { Provider } from './provider.ts'

const defaults: Provider['defaults'] = {
  apiBase: 'https://api.openai.com/v1',
  apiBaseEnv: 'OPENAI_BASE_URL',
  apiKeyEnv: 'OPENAI_API_KEY',
}

export const openai = { ...openaiCompatible(defaults), embedding: openaiEmbedding(defaults) }
