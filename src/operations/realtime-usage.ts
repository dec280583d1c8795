import { fields, isFields, number } from '../dialects/loose-json.ts'
import { noUsage, type Usage } from '../prices/usage.ts'

/**
 * What a `response.done` says that its response used, made disjoint: cached tokens count inside the input, by kind where
 * the vendor tells the kinds apart (OpenAI, "Realtime API reference", `response.done`). Undefined where it says nothing.
 */
export function responseUsage(response: unknown): Usage | undefined {
  const { usage } = fields(response)
  if (!isFields(usage)) return undefined
  const [input, output] = [count(usage.input_tokens), count(usage.output_tokens)]
  if (input === undefined && output === undefined) return undefined
  const details = fields(usage.input_token_details)
  const written = fields(usage.output_token_details)
  const cached = fields(details.cached_tokens_details)
  const read = input ?? 0
  const cachedAll = part(details.cached_tokens, read)
  const cachedAudio = part(cached.audio_tokens, cachedAll)
  const cachedImage = part(cached.image_tokens, cachedAll - cachedAudio)
  // The parts are told with what of them was cached; each is at most what is left of the whole.
  const heard = part(plus(details.audio_tokens, -cachedAudio), read - cachedAll)
  const seen = part(plus(details.image_tokens, -cachedImage), read - cachedAll - heard)
  const spoken = part(written.audio_tokens, output ?? 0)
  return {
    ...noUsage,
    inputTokens: read - cachedAll - heard - seen,
    cacheReadTokens: cachedAll - cachedAudio,
    ...(cachedAudio > 0 && { cacheReadAudioTokens: cachedAudio }),
    inputAudioTokens: heard,
    inputImageTokens: seen,
    outputTokens: (output ?? 0) - spoken,
    outputAudioTokens: spoken,
  }
}

/** What the transcription of something said used: tokens, or the seconds that were listened to. */
export function transcriptionUsage(event: unknown): Usage | undefined {
  const { usage } = fields(event)
  if (!isFields(usage)) return undefined
  const seconds = number(usage.seconds)
  if (seconds !== undefined && seconds >= 0) return { ...noUsage, inputAudioMs: Math.ceil(seconds * 1000) }
  const [input, output] = [count(usage.input_tokens), count(usage.output_tokens)]
  if (input === undefined && output === undefined) return undefined
  const heard = part(fields(usage.input_token_details).audio_tokens, input ?? 0)
  return {
    ...noUsage,
    inputTokens: (input ?? 0) - heard,
    inputAudioTokens: heard,
    outputTokens: output ?? 0,
  }
}

function count(value: unknown): number | undefined {
  const said = number(value)
  return said === undefined || said < 0 ? undefined : Math.ceil(said)
}

const plus = (value: unknown, more: number) => (count(value) ?? 0) + more

/** At most what is left. */
const part = (value: unknown, left: number) => Math.min(Math.max(0, count(value) ?? 0), Math.max(0, left))
