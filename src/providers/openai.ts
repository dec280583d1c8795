import { openaiAll } from './openai-all.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { withoutForeignWords } from './openai-compatible-messages.ts'
import { isOpenai, openaiHome } from './openai-home.ts'
import { openaiModeration } from './openai-moderation.ts'
import { openaiRealtime } from './openai-realtime.ts'
import { openaiResponses } from './openai-responses.ts'
import { openaiReach } from './task-request.ts'
import type { Vendor } from './translator.ts'

const chat = openaiCompatible(openaiHome)

export const openai = {
  ...chat,
  ...openaiAll(openaiHome),
  // OpenAI itself refuses what other vendors hang on their messages; another server at an address of its own may want it.
  chat: (request, target) =>
    chat.chat(
      isOpenai(target.apiBase) ? { ...request, messages: withoutForeignWords(request.messages) } : request,
      target,
    ),
  moderation: openaiModeration(openaiHome, { counts: false }),
  realtime: openaiRealtime(openaiReach(openaiHome, '/realtime')),
  responses: ({ apiBase }) => (isOpenai(apiBase) ? openaiResponses : undefined),
} satisfies Vendor
