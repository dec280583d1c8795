import { openaiSpeech, openaiTranscription } from './openai-audio.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { openaiImages } from './openai-images.ts'
import { openaiModeration } from './openai-moderation.ts'
import type { Provider } from './provider.ts'
import { openaiReach } from './task-request.ts'
import type { Vendor } from './translator.ts'

/** All that OpenAI has beside chats: its own, and of gateways and servers that may have any of it. */
export function openaiAll(defaults: Provider['defaults']) {
  const at = (path: `/${string}`) => openaiReach(defaults, path)
  return {
    embedding: openaiEmbedding(defaults),
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
    moderation: openaiModeration(defaults),
  } satisfies Partial<Vendor>
}
