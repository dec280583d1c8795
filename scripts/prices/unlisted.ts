import type { KnownFamily, KnownModel } from '../../src/config/config.ts'
import { picoFromUsdPerMillion, picoFromUsdPerToken } from '../../src/prices/pico.ts'
import type { Price, UnitRates } from '../../src/prices/price.ts'

interface Row {
  readonly providers: RegExp
  readonly model: RegExp
  readonly mode: string
  readonly price?: Price
}

const by = (units: UnitRates): Price => ({ input: 0, output: 0, units })
const image = (usd: number) => by({ image: picoFromUsdPerToken(usd) })
const images = (table: Readonly<Record<string, number>>) =>
  by({ images: Object.fromEntries(Object.entries(table).map(([kind, usd]) => [kind, picoFromUsdPerToken(usd)])) })
/** Dollars for a million characters. */
const characters = (usd: number) => by({ character: picoFromUsdPerMillion(usd) })
const tokens = (usd: number): Price => ({ input: picoFromUsdPerMillion(usd), output: 0 })

const openai = /^openai$/

/**
 * What the vendors' own pages say of models that the price data does not have, each with its page; read in November
 * 2026. A row without a price says only what the model is for: no page of its vendor was found that says what it costs,
 * and a missing price is told and can be set, while a wrong one is billed. The first row that matches holds.
 */
const rows: readonly Row[] = [
  // developers.openai.com/api/docs/pricing, "Image generation" and "Transcription and speech generation".
  {
    providers: openai,
    model: /^dall-e-3/,
    mode: 'image_generation',
    price: images({
      'standard/1024x1024': 0.04,
      'standard/1024x1792': 0.08,
      'standard/1792x1024': 0.08,
      'hd/1024x1024': 0.08,
      'hd/1024x1792': 0.12,
      'hd/1792x1024': 0.12,
    }),
  },
  {
    providers: openai,
    model: /^dall-e-2/,
    mode: 'image_generation',
    price: images({ 'standard/256x256': 0.016, 'standard/512x512': 0.018, 'standard/1024x1024': 0.02 }),
  },
  { providers: openai, model: /^tts-1-hd/, mode: 'audio_speech', price: characters(30) },
  { providers: openai, model: /^tts-1/, mode: 'audio_speech', price: characters(15) },
  // ai.google.dev/gemini-api/docs/pricing. What Vertex AI asks is on no page that was found.
  { providers: /^gemini$/, model: /^imagen-4\.0-fast/, mode: 'image_generation', price: image(0.02) },
  { providers: /^gemini$/, model: /^imagen-4\.0-ultra/, mode: 'image_generation', price: image(0.06) },
  { providers: /^gemini$/, model: /^imagen-4/, mode: 'image_generation', price: image(0.04) },
  { providers: /^gemini$/, model: /^imagen-3/, mode: 'image_generation', price: image(0.03) },
  // elevenlabs.io/pricing/api, 0.05 and 0.10 USD for a thousand characters.
  { providers: /^elevenlabs$/, model: /^eleven_(flash|turbo)_v2/, mode: 'audio_speech', price: characters(50) },
  { providers: /^elevenlabs$/, model: /^eleven_(multilingual_v2|v3)/, mode: 'audio_speech', price: characters(100) },
  // docs.voyageai.com/docs/pricing, "Rerankers".
  { providers: /^voyage$/, model: /^rerank-2\.5-lite/, mode: 'rerank', price: tokens(0.02) },
  { providers: /^voyage$/, model: /^rerank-2\.5/, mode: 'rerank', price: tokens(0.05) },
  { providers: /^azure$/, model: /^dall-e-/, mode: 'image_generation' },
  { providers: /^azure$/, model: /^tts-1/, mode: 'audio_speech' },
  { providers: /^vertex_ai(_beta)?$/, model: /^imagen-/, mode: 'image_generation' },
  { providers: /^elevenlabs$/, model: /^eleven_/, mode: 'audio_speech' },
  { providers: /^groq$/, model: /^(playai-tts|canopylabs\/orpheus)/, mode: 'audio_speech' },
  { providers: /^deepgram$/, model: /^nova-/, mode: 'audio_transcription' },
  { providers: /^cohere(_chat)?$/, model: /^rerank-/, mode: 'rerank' },
  { providers: /^voyage$/, model: /^rerank-/, mode: 'rerank' },
  { providers: /^jina_ai$/, model: /^jina-reranker-/, mode: 'rerank' },
]

export function unlistedOf(provider: string, model: string): KnownModel | undefined {
  const row = rows.find((one) => one.providers.test(provider) && one.model.test(model))
  return row && knownOf(row)
}

/** The same for names that only a request will tell. */
export function unlistedFamilies(provider: string): readonly KnownFamily[] {
  const own = rows.filter(({ providers }) => providers.test(provider))
  return own.map((row) => ({ match: { regex: row.model.source }, ...knownOf(row) }))
}

function knownOf({ price, mode }: Row): KnownModel {
  return price ? { price, mode } : { mode }
}
