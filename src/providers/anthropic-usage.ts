import { type Fields, fields, isFields, list, number } from '../dialects/loose-json.ts'
import type { Usage } from '../prices/usage.ts'

/**
 * Anthropic's counting: what was cached stands beside the input, not inside it. The usage of a whole answer, or of a
 * stream's `message_start` or `message_delta`; undefined when nothing is said.
 */
export function anthropicUsage(answer: unknown): Usage | undefined {
  const { usage, message } = fields(answer)
  const said = isFields(usage) ? usage : fields(message).usage
  return isFields(said) ? usageOf(said) : undefined
}

/** A stream says what was used in two places, in totals so far: the larger of two counts is the later one. */
export function laterUsage(before: Fields, said: unknown): Fields {
  const later: Record<string, unknown> = { ...before }
  for (const [field, value] of Object.entries(fields(said))) {
    if (isFields(value)) later[field] = laterUsage(fields(before[field]), value)
    else if (typeof value === 'number') later[field] = Math.max(value, number(before[field]) ?? 0)
    else if (value !== null && value !== undefined) later[field] = value
  }
  return later
}

export function usageOf(said: Fields): Usage | undefined {
  const counts = ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens']
  if (!counts.some((field) => number(said[field]) !== undefined)) return undefined
  // What was spent on compaction and on advice is billed, but not in the totals.
  const aside = list(said.iterations)
    .filter(isFields)
    .filter(({ type }) => type !== undefined && type !== 'message')
  return aside.map(countsOf).reduce(plus, countsOf(said))
}

function countsOf(said: Fields): Usage {
  const { ephemeral_1h_input_tokens: hour, ephemeral_5m_input_tokens: minutes } = fields(said.cache_creation)
  const cacheWrite1hTokens = whole(hour)
  const written = Math.max(whole(said.cache_creation_input_tokens), cacheWrite1hTokens + whole(minutes))
  const output = whole(said.output_tokens)
  const reasoningTokens = Math.min(output, whole(fields(said.output_tokens_details).thinking_tokens))
  const searches = number(fields(said.server_tool_use).web_search_requests)
  return {
    inputTokens: whole(said.input_tokens),
    cacheReadTokens: whole(said.cache_read_input_tokens),
    cacheWriteTokens: written - cacheWrite1hTokens,
    cacheWrite1hTokens,
    inputAudioTokens: 0,
    inputImageTokens: 0,
    outputTokens: output - reasoningTokens,
    reasoningTokens,
    outputAudioTokens: 0,
    outputImageTokens: 0,
    ...(searches !== undefined && searches > 0 && { webSearches: whole(searches) }),
  }
}

function plus(a: Usage, b: Usage): Usage {
  return {
    ...a,
    inputTokens: a.inputTokens + b.inputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    cacheWrite1hTokens: a.cacheWrite1hTokens + b.cacheWrite1hTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  }
}

function whole(tokens: unknown): number {
  return Math.max(0, Math.ceil(number(tokens) ?? 0))
}
