import { openaiSpeech, openaiTranscription } from './openai-audio.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { withoutForeignWords } from './openai-compatible-messages.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { isOpenai, openaiHome } from './openai-home.ts'
import { openaiImages } from './openai-images.ts'
import { openaiModeration } from './openai-moderation.ts'
import { openaiRealtime } from './openai-realtime.ts'
import { openaiResponses } from './openai-responses.ts'
import { openaiReach } from './task-request.ts'
import type { Vendor } from './translator.ts'

const chat = openaiCompatible(openaiHome)

const at = (path: `/${string}`) => openaiReach(openaiHome, path)

export const openai = {
  ...chat,
  // OpenAI itself refuses what other vendors hang on their messages; another server at an address of its own may want it.
  chat: (request, target) =>
    chat.chat(
      isOpenai(target.apiBase) ? { ...request, messages: withoutForeignWords(request.messages) } : request,
      target,
    ),
  embedding: openaiEmbedding(openaiHome),
  images: {
    generations: openaiImages(at('/images/generations')),
    edits: openaiImages(at('/images/edits')),
    variations: openaiImages(at('/images/variations')),
  },
  speech: openaiSpeech(at('/audio/speech')),
  transcription: {
    transcriptions: openaiTranscription(at('/audio/transcriptions')),
    translations: openaiTranscription(at('/audio/translations')),
  },
  moderation: openaiModeration(openaiHome, { counts: false }),
  realtime: openaiRealtime(at('/realtime')),
  responses: ({ apiBase }) => (isOpenai(apiBase) ? openaiResponses : undefined),
} satisfies Vendor
