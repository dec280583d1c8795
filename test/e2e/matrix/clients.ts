import { aiAnthropic, aiGoogle, aiOpenaiChat, aiOpenaiResponses } from './ai.ts'
import { anthropic } from './anthropic.ts'
import type { Client } from './client.ts'
import { google } from './google.ts'
import { langchain } from './langchain.ts'
import { llamaindex } from './llamaindex.ts'
import { openaiChat, openaiResponses } from './openai.ts'

/** The SDKs that people use, by the name of package and dialect. */
export const clients: Readonly<Record<string, Client>> = {
  openai: openaiChat,
  'openai responses': openaiResponses,
  anthropic,
  google,
  'ai openai': aiOpenaiChat,
  'ai responses': aiOpenaiResponses,
  'ai anthropic': aiAnthropic,
  'ai google': aiGoogle,
  langchain,
  llamaindex,
}
