import type { Deployment } from '../config/config.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import { maxNano, type NanoUsd } from '../money.ts'
import { everyRate, nanoFromPico, pico } from '../prices/cost.ts'
import type { Price, Rates } from '../prices/price.ts'
import { priceWithSearch, searchPrice } from '../prices/search.ts'
import { askedTier, knowsTier, type ServiceTier, servedRates } from '../prices/service-tier.ts'
import { payablePico } from '../prices/terms.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { type ChatBody, chatBody } from '../providers/chat-body.ts'
import { ruledBy } from '../providers/parameter-rules.ts'
import { audioTokens, type ChatInput, chatInput } from './chat-input.ts'
import { mostImageTokens } from './image-tokens.ts'
import { valueBytes } from './text-size.ts'
import { type VendorTools, vendorTools } from './vendor-tools.ts'

export interface WorstCase {
  /** The most this attempt can cost; undefined when nobody can say, and then `unbounded` says why. */
  readonly costNano: NanoUsd | undefined
  /** The most tokens it can use, as far as they are known: what a token limit takes. */
  readonly tokens: number
  /** Those of them that are answers. */
  readonly outputTokens: number
  /** The most one answer may be, reasoning included. */
  readonly maxOutputTokens: number | undefined
  /** Why there is no bound, and what to do about it, as a sentence for the client. */
  readonly unbounded?: string
}

/** Marks around each message and around the whole: vendors document three to seven, templates of open models write more. */
const TOKENS_PER_MESSAGE = 16
const TOKENS_PER_REQUEST = 256
/** The frame that tools and formats are written into, beside their own text. */
const TOKENS_FOR_TOOLS = 512
const TOKENS_PER_TOOL = 64
/** OpenAI counts ten tokens for a second of sound, Mistral 12.5, Alibaba 25, Google 32. */
const MOST_AUDIO_TOKENS_PER_SECOND = 50
/** Sound that cannot be read: no MP3 has less than 8 kbit/s, which is a token for 100 bytes, taken twice. */
const AUDIO_BYTES_PER_TOKEN = 50
/** The longest answer in sound that OpenAI's audio models give. */
const EARLIER_AUDIO_TOKENS = 16_384

/**
 * An upper bound of what a request can cost on a deployment. A token of text covers at least one byte, so bytes bound the
 * input; pictures count by their documented maximum, sound by its length, else its size, and what cannot be seen from here (files, videos)
 * by the model's whole window. The answer is bounded by what the request names, else by the model's maximum, else by its
 * window; with none of the three there is no bound. Every class is taken at the dearest rate it may be billed at, in the
 * dearest tier that the bound can reach.
 */
export function worstCase(asked: ChatRequest, planned: Deployment): WorstCase {
  const { request, target: deployment } = ruledBy(asked, planned)
  const body = chatBody(request, deployment)
  const input = chatInput(body)
  const window = deployment.maxInputTokens
  const tools = vendorTools(body)
  // What searches find is read with everything before it, once more after each: never more than a window at a time.
  const text =
    tools.searches > 0 ? (tools.searches + 1) * (window ?? 0) : textTokens(input) + input.opaque * (window ?? 0)
  const image = input.images.reduce<number>((sum, detail) => sum + mostImageTokens(deployment.model, detail), 0)
  const audio =
    Math.ceil(input.audioSeconds * MOST_AUDIO_TOKENS_PER_SECOND) +
    Math.ceil(input.audioBytes / AUDIO_BYTES_PER_TOKEN) +
    input.earlierAudio * EARLIER_AUDIO_TOKENS
  const maxOutputTokens = namedMaximum(body) ?? deployment.maxOutputTokens ?? window
  const output = choices(body) * ((maxOutputTokens ?? 0) + valueBytes(body.prediction))
  const unbounded = whyUnbounded({ body, input, tools, deployment, maxOutputTokens })
  const bound = {
    text,
    image,
    audio,
    output,
    speaks: speaks(body),
    searches: tools.searches,
    tier: askedTier(body),
  }
  const price = priceWithSearch(deployment)
  return {
    costNano: price && unbounded === undefined ? dearest(price, bound) : undefined,
    tokens: text + image + audio + output,
    outputTokens: output,
    maxOutputTokens,
    ...(unbounded !== undefined && { unbounded }),
  }
}

/**
 * What an answer probably used whose vendor never said: three bytes or characters a token, which is more tokens than most
 * texts have, but never more than the request, else the deployment, allows. The caller marks it as estimated.
 */
export function estimateUsage(request: ChatRequest, outputChars: number, maxOutputTokens?: number): Usage {
  const input = chatInput(request)
  const most = namedMaximum(request) ?? maxOutputTokens
  const output = Math.ceil(outputChars / 3)
  const tier = askedTier(request)
  return {
    ...noUsage,
    inputTokens: Math.ceil(input.textBytes / 3) + 4 * input.messages + 3,
    inputImageTokens: input.images.reduce<number>((sum, detail) => sum + (detail === 'low' ? 70 : 1000), 0),
    inputAudioTokens: audioTokens(input),
    outputTokens: most === undefined ? output : Math.min(output, most * choices(request)),
    ...(tier && { serviceTier: tier }),
  }
}

interface Bound {
  readonly text: number
  readonly image: number
  readonly audio: number
  readonly output: number
  /** Whether the answer may be sound. */
  readonly speaks: boolean
  readonly searches: number
  readonly tier: ServiceTier | undefined
}

function dearest(price: Price, bound: Bound): NanoUsd {
  const prompt = bound.text + bound.image + bound.audio
  const usual: Rates[] = [price, ...(price.tiers ?? []).filter(({ aboveTokens }) => prompt > aboveTokens)]
  // Whoever asks for a tier may be served in the usual way.
  const reachable = [...usual, ...usual.map((rates) => servedRates(price, rates, bound.tier))]
  const apart = BigInt(price.request ?? 0) + pico(bound.searches, price.search ?? 0)
  const costs = reachable.map((rates) => nanoFromPico(payablePico(costIn(rates, bound) + apart, price.terms)))
  return costs.reduce(maxNano)
}

function costIn(rates: Rates, { text, image, audio, output, speaks }: Bound): bigint {
  const every = everyRate(rates)
  const read = Math.max(every.input, every.cacheRead, every.cacheWrite, every.cacheWrite1h)
  const written = Math.max(every.output, every.reasoning, every.outputImage, speaks ? every.outputAudio : 0)
  return (
    pico(text, read) +
    pico(image, Math.max(read, every.inputImage)) +
    pico(audio, Math.max(read, every.inputAudio)) +
    pico(output, written)
  )
}

function textTokens(input: ChatInput): number {
  const frame = input.tools > 0 || input.schema ? TOKENS_FOR_TOOLS + TOKENS_PER_TOOL * input.tools : 0
  return input.textBytes + TOKENS_PER_MESSAGE * input.messages + TOKENS_PER_REQUEST + frame
}

type Body = ChatBody | ChatRequest

/** Vendors honour one of the two names; the larger bounds both. */
function namedMaximum(body: Body): number | undefined {
  const named = counts(body.max_tokens, body.max_completion_tokens)
  return named.length === 0 ? undefined : Math.max(...named)
}

function choices(body: Body): number {
  return Math.max(1, ...counts(body.n, body.best_of))
}

/** Numbers above 0, also where they came as text: some servers are as lenient. */
function counts(...values: readonly unknown[]): number[] {
  return values.map((value) => Math.ceil(Number(value))).filter((count) => count > 0 && Number.isFinite(count))
}

function speaks({ modalities, audio }: Body): boolean {
  return (Array.isArray(modalities) && modalities.includes('audio')) || (typeof audio === 'object' && audio !== null)
}

interface Case {
  readonly body: Body
  readonly input: ChatInput
  readonly tools: VendorTools
  readonly deployment: Deployment
  readonly maxOutputTokens: number | undefined
}

function whyUnbounded({ body, input, tools, deployment, maxOutputTokens }: Case): string | undefined {
  const { group, price, provider, model, maxInputTokens } = deployment
  if (price === undefined)
    return `${group} has no known price. The operator can set input_cost_per_token and output_cost_per_token for ${provider}/${model}.`
  if (maxOutputTokens === undefined)
    return `Nobody knows how long an answer of ${group} can be. Send max_tokens; the operator can set model_info.max_output_tokens.`
  if (input.opaque > 0 && maxInputTokens === undefined)
    return `Nobody knows how large an input of ${group} can be, which a file needs. The operator can set model_info.max_input_tokens.`
  if (askedTier(body) === 'priority' && !knowsTier(price, 'priority'))
    return `service_tier "priority" is billed above the list price, and nobody knows what it costs for ${group}. Leave it out; the operator can set input_cost_per_token_priority and output_cost_per_token_priority for ${provider}/${model}.`
  if (tools.searches > 0 && maxInputTokens === undefined)
    return `Nobody knows how large an input of ${group} can be, which a search needs. The operator can set model_info.max_input_tokens.`
  if (tools.searches > 0 && searchPrice(deployment) === undefined)
    return `Nobody knows what a search of ${group} costs. Leave the search out, or use a caller without a budget.`
  return tools.unbounded
}
