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
  const [cacheReadTokens, cacheWriteTokens, inputAudioTokens, inputImageTokens, inputTokens] = split(prompt ?? 0, [
    input?.cached_tokens,
    input?.cache_write_tokens,
    input?.audio_tokens,
    input?.image_tokens,
  ])
  const [reasoningTokens, outputAudioTokens, outputImageTokens, outputTokens] = split(completion ?? 0, [
    output?.reasoning_tokens,
    output?.audio_tokens,
    output?.image_tokens,
  ])
  return {
    inputTokens: inputTokens ?? 0,
    cacheReadTokens: cacheReadTokens ?? 0,
    cacheWriteTokens: cacheWriteTokens ?? 0,
    cacheWrite1hTokens: 0,
    inputAudioTokens: inputAudioTokens ?? 0,
    inputImageTokens: inputImageTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    reasoningTokens: reasoningTokens ?? 0,
    outputAudioTokens: outputAudioTokens ?? 0,
    outputImageTokens: outputImageTokens ?? 0,
  }
}

/** The parts in their order, and last what remains of the whole. */
function split(total: number, parts: readonly unknown[]): number[] {
  let left = total
  const taken = parts.map((part) => {
    const count = Math.min(tokens(part) ?? 0, left)
    left -= count
    return count
  })
  return [...taken, left]
}

/** Prices are per whole token, so whatever a vendor counts is read as whole ones; what is no count says nothing. */
function tokens(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? Math.ceil(value) : undefined
}

function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}
