import { cloudflareSpeech, cloudflareTranscription } from './cloudflare-audio.ts'
import { cloudflareEdits, cloudflareImages } from './cloudflare-images.ts'
import { cloudflareReranking } from './cloudflare-run.ts'
import { openModels } from './open-models.ts'
import { openaiCompatible, urlOf } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import type { Target } from './provider.ts'

const defaults = { apiBaseEnv: 'CLOUDFLARE_API_BASE', apiKeyEnv: 'CLOUDFLARE_API_KEY' }

/**
 * Workers AI over REST (developers.cloudflare.com/workers-ai, OpenAI compatible API endpoints). Its address holds the
 * account: `https://api.cloudflare.com/client/v4/accounts/ACCOUNT/ai/v1`, or LiteLLM's form of it that ends in `/ai/run`.
 */
export const cloudflare = {
  ...openaiCompatible(defaults, { ...openModels, url: (target) => addressOf(target, '/chat/completions') }),
  embedding: openaiEmbedding(defaults, { textOnly: true, url: (target) => addressOf(target, '/embeddings') }),
  images: { generations: cloudflareImages, edits: cloudflareEdits },
  speech: cloudflareSpeech,
  transcription: cloudflareTranscription,
  reranking: cloudflareReranking,
}

function addressOf({ apiBase, model }: Target, path: `/${string}`): string {
  return urlOf(apiBase?.replace(/\/ai\/run\/?$/, '/ai/v1'), model, path)
}
