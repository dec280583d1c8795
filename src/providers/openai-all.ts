import { openaiSpeech, openaiTranscription } from './openai-audio.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { openaiImages } from './openai-images.ts'
import { openaiModeration } from './openai-moderation.ts'
import { rerankAt } from './openai-rerank.ts'
import type { Provider } from './provider.ts'
import { openaiReach } from './task-request.ts'
import type { Vendor } from './translator.ts'

/** All that a server can have beside chats in OpenAI's words: for gateways, and for servers that nobody here knows. */
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
    reranking: rerankAt(defaults),
  } satisfies Partial<Vendor>
}
