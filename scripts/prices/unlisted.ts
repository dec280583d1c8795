import type { KnownFamily, KnownModel } from '../../src/config/config.ts'
import { picoFromUsdPerMillion, picoFromUsdPerToken, picoPerSecondFromUsdPerHour } from '../../src/prices/pico.ts'
import type { Price, UnitRates } from '../../src/prices/price.ts'

interface Row {
  readonly providers: RegExp
  readonly model: RegExp
  readonly mode: string
  readonly price: Price
}

const by = (units: UnitRates): Price => ({ input: 0, output: 0, units })
const image = (usd: number) => by({ image: picoFromUsdPerToken(usd) })
const images = (table: Readonly<Record<string, number>>) =>
  by({ images: Object.fromEntries(Object.entries(table).map(([kind, usd]) => [kind, picoFromUsdPerToken(usd)])) })
/** Dollars for a million characters. */
const characters = (usd: number) => by({ character: picoFromUsdPerMillion(usd) })
const minutes = (usd: number) => by({ second: picoPerSecondFromUsdPerHour(usd * 60) })
const searches = (usd: number) => by({ searchUnit: picoFromUsdPerToken(usd) })
const tokens = (usd: number): Price => ({ input: picoFromUsdPerMillion(usd), output: 0 })

const google = /^(gemini|vertex_ai(_beta)?)$/
const openai = /^(openai|azure)$/

/**
 * What the vendors' pricing pages say of models that the price data does not have: pictures by quality and size (OpenAI),
 * by the picture (Google), speech by the character (OpenAI, Groq, ElevenLabs), listening by the minute (Deepgram),
 * reranking by the search (Cohere) or by tokens (Voyage, Jina). The first row that matches holds.
 */
const rows: readonly Row[] = [
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
  { providers: google, model: /^imagen-4\.0-fast/, mode: 'image_generation', price: image(0.02) },
  { providers: google, model: /^imagen-4\.0-ultra/, mode: 'image_generation', price: image(0.06) },
  { providers: google, model: /^imagen-4/, mode: 'image_generation', price: image(0.04) },
  { providers: google, model: /^imagen-3\.0-fast/, mode: 'image_generation', price: image(0.02) },
  { providers: google, model: /^imagen-3/, mode: 'image_generation', price: image(0.04) },
  { providers: openai, model: /^tts-1-hd/, mode: 'audio_speech', price: characters(30) },
  { providers: openai, model: /^tts-1/, mode: 'audio_speech', price: characters(15) },
  { providers: /^groq$/, model: /^playai-tts/, mode: 'audio_speech', price: characters(50) },
  { providers: /^elevenlabs$/, model: /^eleven_(flash|turbo)/, mode: 'audio_speech', price: characters(90) },
  { providers: /^elevenlabs$/, model: /^eleven_/, mode: 'audio_speech', price: characters(180) },
  { providers: /^deepgram$/, model: /^nova-3/, mode: 'audio_transcription', price: minutes(0.0052) },
  { providers: /^deepgram$/, model: /^nova-2/, mode: 'audio_transcription', price: minutes(0.0043) },
  { providers: /^cohere(_chat)?$/, model: /^rerank-/, mode: 'rerank', price: searches(0.002) },
  { providers: /^voyage$/, model: /^rerank-(lite-1|2-lite|2\.5-lite)/, mode: 'rerank', price: tokens(0.02) },
  { providers: /^voyage$/, model: /^rerank-/, mode: 'rerank', price: tokens(0.05) },
  { providers: /^jina_ai$/, model: /^jina-reranker-/, mode: 'rerank', price: tokens(0.05) },
]

export function unlistedOf(provider: string, model: string): KnownModel | undefined {
  const row = rows.find((one) => one.providers.test(provider) && one.model.test(model))
  return row && { price: row.price, mode: row.mode }
}

/** The same for names that only a request will tell. */
export function unlistedFamilies(provider: string): readonly KnownFamily[] {
  const own = rows.filter(({ providers }) => providers.test(provider))
  return own.map(({ model, mode, price }) => ({ match: { regex: model.source }, price, mode }))
}
