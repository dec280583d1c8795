import type { ServedTier } from './service-tier.ts'

/**
 * What an answer used, in classes that do not overlap, whatever the vendor's own counting: a token is in exactly one.
 * OpenAI counts cached tokens inside the prompt and reasoning inside the completion; Anthropic counts cached tokens
 * beside the input. Normalising happens once, in the provider's file.
 */
export interface Usage {
  /** Input that was neither read from nor written to a prompt cache, and is text. */
  readonly inputTokens: number
  readonly cacheReadTokens: number
  /** Written to a cache that lives five minutes. */
  readonly cacheWriteTokens: number
  /** Written to a cache that lives an hour. */
  readonly cacheWrite1hTokens: number
  readonly inputAudioTokens: number
  readonly inputImageTokens: number
  /** Visible text output. */
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly outputAudioTokens: number
  readonly outputImageTokens: number
  /** Sound that was read from a prompt cache: only where a vendor tells it from other cached input. */
  readonly cacheReadAudioTokens?: number
  /** Searches of the web that the vendor made for the answer and bills one by one. */
  readonly webSearches?: number
  /** Pictures that were made, their quality and size as prices name them (`hd/1792x1024`), and the pixels of all of them. */
  readonly images?: number
  readonly imageKind?: string
  readonly pixels?: number
  /** Sound that was listened to, where its length is known: whole milliseconds. */
  readonly inputAudioMs?: number
  /** Text that was read aloud, in characters. */
  readonly inputCharacters?: number
  readonly searchUnits?: number
  /** How the vendor says that it served it; absent where it says nothing. */
  readonly serviceTier?: ServedTier
  /** What the vendor itself says that the answer costs, in nano-USD (prices/reported.ts). */
  readonly reportedNano?: number
}

export const noUsage: Omit<Usage, 'serviceTier'> = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  inputAudioTokens: 0,
  inputImageTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
}

/** OpenAI's `prompt_tokens`: everything that went in. */
export function promptTokens(u: Usage): number {
  return (
    u.inputTokens +
    u.cacheReadTokens +
    u.cacheWriteTokens +
    u.cacheWrite1hTokens +
    u.inputAudioTokens +
    u.inputImageTokens +
    (u.cacheReadAudioTokens ?? 0)
  )
}

/** OpenAI's `completion_tokens`: everything that came out. */
export function completionTokens(u: Usage): number {
  return u.outputTokens + u.reasoningTokens + u.outputAudioTokens + u.outputImageTokens
}

export function totalTokens(u: Usage): number {
  return promptTokens(u) + completionTokens(u)
}
