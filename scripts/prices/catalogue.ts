import { readFileSync } from 'node:fs'
import {
  type ConditionalPrice,
  calcPrice,
  findProvider,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
} from '@pydantic/genai-prices'
import type { KnownFamily, KnownModel, NameMatch } from '../../src/config/config.ts'
import { listedName } from '../../src/config/known-models.ts'
import { picoFromUsdPerMillion, picoPerSecondFromUsdPerHour } from '../../src/prices/pico.ts'
import type { Price, Rates } from '../../src/prices/price.ts'
import { abilitiesOf } from './abilities.ts'
import { correctionOf } from './corrections.ts'
import { limitsDate, limitsOf, longestAnswer } from './limits.ts'
import { unlistedFamilies, unlistedOf } from './unlisted.ts'

/** LiteLLM's provider names, where the price data calls the vendor something else. Self-hosted servers have no list price. */
const VENDORS: Readonly<Record<string, string>> = {
  openai: 'openai',
  'text-completion-openai': 'openai',
  anthropic: 'anthropic',
  azure: 'azure',
  azure_ai: 'azure',
  azure_text: 'azure',
  bedrock: 'aws',
  bedrock_converse: 'aws',
  gemini: 'google',
  vertex_ai: 'google',
  vertex_ai_beta: 'google',
  groq: 'groq',
  mistral: 'mistral',
  deepseek: 'deepseek',
  xai: 'x-ai',
  cohere: 'cohere',
  cohere_chat: 'cohere',
  openrouter: 'openrouter',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  perplexity: 'perplexity',
  cerebras: 'cerebras',
  moonshot: 'moonshotai',
  voyage: 'voyageai',
}

const HOURS = ['audio_hours', 'input_audio_hours'] as const

const CLASSES: Readonly<Record<string, keyof Rates>> = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cacheRead',
  cache_audio_read_mtok: 'cacheReadAudio',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWrite1h',
  output_reasoning_mtok: 'reasoning',
  input_audio_mtok: 'inputAudio',
  output_audio_mtok: 'outputAudio',
  input_image_mtok: 'inputImage',
  output_image_mtok: 'outputImage',
}

type Cost = NonNullable<ModelPrice[string]>

/** Stored with every spend row: which prices it was billed by. */
export const catalogueVersion = `genai-prices ${packageVersion()}, limits ${limitsDate}`

/** What is publicly known of a vendor's model on a day; undefined for a model or vendor that the data does not have. */
export function lookup(provider: string, model: string, at: Date = new Date()): KnownModel | undefined {
  const vendor = VENDORS[provider]
  const name = listedName(model)
  const found =
    vendor === undefined ? null : calcPrice({ input_tokens: 1 }, name, { providerId: vendor, timestamp: at })
  if (vendor !== undefined && found !== null) return entryOf(vendor, name, found.model, at)
  return unlistedOf(provider, name)
}

/** All of a vendor's models on a day, for names that only a request will tell; undefined for a vendor without a list. */
export function families(provider: string, at: Date = new Date()): readonly KnownFamily[] | undefined {
  const vendor = VENDORS[provider]
  const found = vendor === undefined ? undefined : findProvider({ providerId: vendor })
  const unlisted = unlistedFamilies(provider)
  if (vendor === undefined || found === undefined) return unlisted.length === 0 ? undefined : unlisted
  const lenders = (found.fallback_model_providers ?? []).map((id) => findProvider({ providerId: id }))
  const listed = [found, ...lenders].flatMap((one) =>
    (one?.models ?? []).map((model) => ({
      match: inSmallLetters(model.match),
      ...entryOf(vendor, longestAnswering(vendor, model), model, at),
    })),
  )
  return [...listed, ...unlisted]
}

/** Of the names of one family, the one whose answers may be longest: its limit bounds them all. */
function longestAnswering(vendor: string, { id, match }: ModelInfo): string {
  const most = (name: string) => longestAnswer(vendor, name) ?? 0
  return [id, ...namesIn(match)].reduce((best, name) => (most(name) > most(best) ? name : best))
}

function namesIn(match: MatchLogic): string[] {
  if ('or' in match) return match.or.flatMap(namesIn)
  return 'equals' in match ? [match.equals] : 'starts_with' in match ? [match.starts_with] : []
}

function inSmallLetters(match: MatchLogic): NameMatch {
  if ('or' in match) return { or: match.or.map(inSmallLetters) }
  if ('and' in match) return { and: match.and.map(inSmallLetters) }
  if ('regex' in match) return match
  return Object.fromEntries(Object.entries(match).map(([how, text]) => [how, text.toLowerCase()])) as NameMatch
}

function entryOf(vendor: string, name: string, model: ModelInfo, at: Date): KnownModel {
  const maxOutputTokens = longestAnswer(vendor, name)
  const mode = modeOf(name)
  const price = priceOf(pricesAt(model.prices, at), correctionOf(vendor, name), mode)
  const maxInputTokens = limitsOf(vendor, name)?.maxInputTokens ?? model.context_window
  return {
    ...(price && { price }),
    ...(maxInputTokens !== undefined && { maxInputTokens }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    mode,
    ...(mode === 'chat' && abilitiesOf(name)),
  }
}

/**
 * The prices that can apply on a day. Prices by the hour are kept together, because a row of spend knows one price: the
 * dearest of each class is taken, so that a budget is never outrun by the clock.
 */
function pricesAt(prices: ModelPrice | ConditionalPrice[], at: Date): ModelPrice[] {
  if (!Array.isArray(prices)) return [prices]
  const day = at.toISOString().slice(0, 10)
  const dated = prices.filter(({ constraint }) => constraint?.type !== 'time_of_date')
  const current = dated.findLast(({ constraint }) => constraint?.type !== 'start_date' || constraint.start_date <= day)
  const hourly = prices.filter(({ constraint }) => constraint?.type === 'time_of_date')
  return [...(current ? [current] : []), ...hourly].map((row) => row.prices)
}

function priceOf(prices: readonly ModelPrice[], correction: Partial<Rates>, mode: string): Price | undefined {
  const starts = new Set(prices.flatMap((price) => Object.keys(CLASSES).flatMap((key) => tierStarts(price[key]))))
  const base = ratesAt(prices, 0, mode)
  if (base === undefined) return unitPriceOf(prices, mode)
  const tiers = [...starts]
    .sort((a, b) => a - b)
    .flatMap((aboveTokens) => {
      const rates = ratesAt(prices, aboveTokens + 1, mode)
      return rates === undefined ? [] : [{ aboveTokens, ...rates, ...correction }]
    })
  const request = dearest(
    prices.map((price) => price.requests_kcount),
    0,
  )
  return {
    ...base,
    ...correction,
    ...(tiers.length > 0 && { tiers }),
    // Dollars per thousand requests: a million picos per micro-dollar, a thousand times over.
    ...(request !== undefined && request > 0 && { request: picoFromUsdPerMillion(request) * 1000 }),
  }
}

/** The price of what is billed by the hour of sound, or not at all: moderations are free. */
function unitPriceOf(prices: readonly ModelPrice[], mode: string): Price | undefined {
  if (mode === 'moderation') return { input: 0, output: 0 }
  const hour = Math.max(
    ...HOURS.map(
      (key) =>
        dearest(
          prices.map((price) => price[key]),
          0,
        ) ?? -1,
    ),
  )
  return hour < 0 ? undefined : { input: 0, output: 0, units: { second: picoPerSecondFromUsdPerHour(hour) } }
}

/** Rates for a prompt of so many tokens; undefined for a model that is not billed by tokens in and out. */
function ratesAt(prices: readonly ModelPrice[], promptTokens: number, mode: string): Rates | undefined {
  const found = Object.entries(CLASSES).flatMap(([key, name]) => {
    const usd = dearest(
      prices.map((price) => price[key]),
      promptTokens,
    )
    return usd === undefined ? [] : [[name, picoFromUsdPerMillion(usd)] as const]
  })
  const { input, output, ...others }: Partial<Record<keyof Rates, number>> = Object.fromEntries(found)
  const answers = output ?? (mode === 'embedding' ? 0 : undefined)
  return input === undefined || answers === undefined ? undefined : { input, output: answers, ...others }
}

function dearest(costs: readonly (Cost | undefined)[], promptTokens: number): number | undefined {
  const known = costs.filter((cost) => cost !== undefined).map((cost) => usdAt(cost, promptTokens))
  return known.length === 0 ? undefined : Math.max(...known)
}

function usdAt(cost: Cost, promptTokens: number): number {
  if (typeof cost === 'number') return cost
  const tiers = cost.tiers.toSorted((a, b) => a.start - b.start)
  return tiers.findLast(({ start }) => promptTokens > start)?.price ?? cost.base
}

function tierStarts(cost: Cost | undefined): number[] {
  return cost === undefined || typeof cost === 'number' ? [] : cost.tiers.map(({ start }) => start)
}

/** LiteLLM's `mode`, by the families' names. */
function modeOf(model: string): string {
  if (/embed/.test(model)) return 'embedding'
  if (/transcribe|whisper/.test(model)) return 'audio_transcription'
  if (/moderation/.test(model)) return 'moderation'
  if (/rerank/.test(model)) return 'rerank'
  if (/realtime/.test(model)) return 'realtime'
  if (/-tts|^tts-/.test(model)) return 'audio_speech'
  if (/^gpt-image|^dall-e|^imagen/.test(model)) return 'image_generation'
  if (/^(ada|babbage|curie|davinci|text-davinci|gpt-3\.5-turbo-instruct)/.test(model)) return 'completion'
  return 'chat'
}

function packageVersion(): string {
  const file = new URL('../package.json', import.meta.resolve('@pydantic/genai-prices'))
  const parsed: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
  return parsed.version
}
