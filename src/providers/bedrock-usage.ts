import * as z from 'zod'
import { fields } from '../dialects/loose-json.ts'
import { servedTierOf } from '../prices/service-tier.ts'
import { noUsage, type Usage } from '../prices/usage.ts'

const count = z.number().nonnegative().nullish().catch(null)
const schema = z.object({
  inputTokens: count,
  outputTokens: count,
  cacheReadInputTokens: count,
  cacheWriteInputTokens: count,
  cacheDetails: z
    .array(z.object({ ttl: z.string().nullish().catch(null), inputTokens: count }).catch({}))
    .nullish()
    .catch(null),
})

/** Bedrock counts what went through the cache beside the input, and thoughts inside the output. */
export function bedrockUsage(answer: unknown): Usage | undefined {
  if (typeof answer !== 'object' || answer === null || !('usage' in answer)) return undefined
  const { success, data } = schema.safeParse(answer.usage)
  if (!success || (data.inputTokens == null && data.outputTokens == null)) return undefined
  const written = Math.ceil(data.cacheWriteInputTokens ?? 0)
  const hour = Math.min(
    written,
    (data.cacheDetails ?? [])
      .filter(({ ttl }) => ttl === '1h')
      .reduce((tokens, detail) => tokens + Math.ceil(detail.inputTokens ?? 0), 0),
  )
  const serviceTier = servedTierOf(fields(fields(answer).serviceTier).type)
  return {
    ...noUsage,
    inputTokens: Math.ceil(data.inputTokens ?? 0),
    cacheReadTokens: Math.ceil(data.cacheReadInputTokens ?? 0),
    cacheWriteTokens: written - hour,
    cacheWrite1hTokens: hour,
    outputTokens: Math.ceil(data.outputTokens ?? 0),
    ...(serviceTier && { serviceTier }),
  }
}
