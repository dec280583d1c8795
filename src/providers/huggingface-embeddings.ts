import { inputsOf } from '../dialects/embeddings.ts'
import { list, present } from '../dialects/loose-json.ts'
import { embeddingParams, gathered, isVector, textsOf } from './embedding-texts.ts'
import { headersFor, urlOf } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import type { EmbeddingTranslator } from './translator.ts'

const ROUTER = 'https://router.huggingface.co/hf-inference/models'

/** Text Embeddings Inference on one's own endpoint speaks OpenAI's embeddings below `/v1`. */
const own = openaiEmbedding(
  {},
  {
    url: ({ apiBase, model }) => {
      const base = apiBase?.replace(/\/+$/, '').replace(/\/(?:v1(?:\/embeddings)?|embed)$/, '')
      return urlOf(base && `${base}/v1`, model, '/embeddings')
    },
  },
)

/** Text Embeddings Inference, or the feature extraction of Hugging Face's own servers where no address is named. */
export const huggingfaceEmbedding: EmbeddingTranslator = {
  embed(request, target) {
    if (target.apiBase !== undefined) return own.embed(request, target)
    const { normalize, truncate, truncation_direction, prompt_name, dimensions } = embeddingParams(request, target)
    const model = target.model.split('/').map(encodeURIComponent).join('/')
    const body = {
      inputs: textsOf(request),
      ...present({ normalize, truncate, truncation_direction, prompt_name, dimensions }),
    }
    return [
      {
        url: `${ROUTER}/${model}/pipeline/feature-extraction`,
        method: 'POST',
        headers: headersFor(target),
        body: JSON.stringify(body),
      },
    ]
  },
  embeddings(answers, request) {
    const [answer] = answers
    if (!Array.isArray(answer)) return own.embeddings(answers, request)
    const vectors = isVector(answer) && inputsOf(request).length === 1 ? [answer] : list(answer)
    return gathered(request, request.model, vectors, [undefined])
  },
}
