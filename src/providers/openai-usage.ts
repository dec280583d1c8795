import { reportedNano } from '../prices/reported.ts'
import { servedTierOf } from '../prices/service-tier.ts'
import type { Usage } from '../prices/usage.ts'

/**
 * OpenAI's nested counting, made disjoint: the parts are taken out of their whole, each at most as large as what is left
 * of it, so that the classes always add up to `prompt_tokens` and `completion_tokens` as the vendor billed them.
 */
export function openaiUsage(answer: unknown): Usage | undefined {
  const told = fields(fields(answer)?.usage)
  const prompt = tokens(told?.prompt_tokens)
  const completion = tokens(told?.completion_tokens)
  if (prompt === undefined && completion === undefined) return undefined
  const input = fields(told?.prompt_tokens_details)
  const output = fields(told?.completion_tokens_details)
  const prompted = prompt ?? 0
  const cacheReadTokens = part(input?.cached_tokens, prompted)
  const cacheWriteTokens = part(input?.cache_write_tokens, prompted - cacheReadTokens)
  const cachedTokens = cacheReadTokens + cacheWriteTokens
  const inputAudioTokens = part(input?.audio_tokens, prompted - cachedTokens)
  const inputImageTokens = part(input?.image_tokens, prompted - cachedTokens - inputAudioTokens)
  const written = completion ?? 0
  const serviceTier = servedTierOf(fields(answer)?.service_tier)
  const reported = told && reportedNano(told)
  const reasoningTokens = part(output?.reasoning_tokens, written)
  const outputAudioTokens = part(output?.audio_tokens, written - reasoningTokens)
  const outputImageTokens = part(output?.image_tokens, written - reasoningTokens - outputAudioTokens)
  return {
    inputTokens: prompted - cachedTokens - inputAudioTokens - inputImageTokens,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: 0,
    inputAudioTokens,
    inputImageTokens,
    outputTokens: written - reasoningTokens - outputAudioTokens - outputImageTokens,
    reasoningTokens,
    outputAudioTokens,
    outputImageTokens,
    ...(reported !== undefined && { reportedNano: reported }),
    ...(serviceTier && { serviceTier }),
  }
}

/** A part of the whole, at most what is left of it. */
function part(value: unknown, left: number): number {
  return Math.min(tokens(value) ?? 0, left)
}

/** Prices are per whole token, so whatever a vendor counts is read as whole ones; what is no count says nothing. */
function tokens(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? Math.ceil(value) : undefined
}

function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isFields(value) ? value : undefined
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
