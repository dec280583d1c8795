import * as z from 'zod'
import type { Usage } from '../prices/usage.ts'

const count = z.number().nonnegative().nullish().catch(null)

/** Only what is billed. Prices are per whole token, so whatever a vendor writes is read as one. */
const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z
    .object({ cached_tokens: count, cache_write_tokens: count, audio_tokens: count, image_tokens: count })
    .nullish()
    .catch(null),
  completion_tokens_details: z
    .object({ reasoning_tokens: count, audio_tokens: count, image_tokens: count })
    .nullish()
    .catch(null),
})

/**
 * OpenAI's nested counting, made disjoint: the parts are taken out of their whole, each at most as large as what is left
 * of it, so that the classes always add up to `prompt_tokens` and `completion_tokens` as the vendor billed them.
 */
export function openaiUsage(answer: unknown): Usage | undefined {
  if (typeof answer !== 'object' || answer === null || !('usage' in answer)) return undefined
  const { success, data } = usageSchema.safeParse(answer.usage)
  if (!success || (data.prompt_tokens == null && data.completion_tokens == null)) return undefined
  const prompt = whole(data.prompt_tokens)
  const input = data.prompt_tokens_details
  const output = data.completion_tokens_details
  const [cacheReadTokens, cacheWriteTokens, inputAudioTokens, inputImageTokens, inputTokens] = split(prompt, [
    input?.cached_tokens,
    input?.cache_write_tokens,
    input?.audio_tokens,
    input?.image_tokens,
  ])
  const [reasoningTokens, outputAudioTokens, outputImageTokens, outputTokens] = split(whole(data.completion_tokens), [
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
function split(total: number, parts: readonly (number | null | undefined)[]): number[] {
  let left = total
  const taken = parts.map((part) => {
    const tokens = Math.min(whole(part), left)
    left -= tokens
    return tokens
  })
  return [...taken, left]
}

function whole(tokens: number | null | undefined): number {
  return Math.ceil(tokens ?? 0)
}
