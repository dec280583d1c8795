import type { Provider } from './provider.ts'

/** Where OpenAI itself is. */
export const openaiHome = {
  apiBase: 'https://api.openai.com/v1',
  apiBaseEnv: 'OPENAI_BASE_URL',
  apiKeyEnv: 'OPENAI_API_KEY',
} satisfies Provider['defaults']

/** Whether an address is OpenAI's own, which has all of OpenAI's APIs; other servers mostly have the chat alone. */
export function isOpenai(apiBase: string | undefined): boolean {
  return apiBase === undefined || /^https:\/\/(?:[a-z0-9-]+\.)?api\.openai\.com(?:[:/?]|$)/i.test(apiBase)
}
