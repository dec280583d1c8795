import { openaiCompatible } from './openai-compatible.ts'

export const openai = openaiCompatible({
  apiBase: 'https://api.openai.com/v1',
  apiBaseEnv: 'OPENAI_BASE_URL',
  apiKeyEnv: 'OPENAI_API_KEY',
})
