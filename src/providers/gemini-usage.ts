import { fields, isFields, list, number, text } from '../dialects/loose-json.ts'
import { servedTierOf } from '../prices/service-tier.ts'
import type { Usage } from '../prices/usage.ts'
import { generation } from './gemini-thinking.ts'

/**
 * Google's counting, made disjoint: the prompt count includes what came from a cache, what tools brought in is counted
 * beside it, and thoughts are beside the candidates, except where the total says that they are inside. Audio and pictures
 * are inside the counts of their direction; film and documents are priced as text and stay with it.
 */
export function geminiUsage(answer: unknown): Usage | undefined {
  const meta = fields(answer).usageMetadata
  if (!isFields(meta)) return undefined
  const prompt = whole(meta.promptTokenCount)
  const tools = whole(meta.toolUsePromptTokenCount)
  const thoughts = whole(meta.thoughtsTokenCount)
  const total = whole(meta.totalTokenCount)
  const candidates = number(meta.candidatesTokenCount) ?? Math.max(0, total - prompt - tools - thoughts)
  if (prompt + tools + thoughts + candidates === 0) return undefined

  const cached = Math.min(whole(meta.cachedContentTokenCount), prompt)
  const fresh = (modality: string) =>
    Math.max(0, tokensOf(meta.promptTokensDetails, modality) - tokensOf(meta.cacheTokensDetails, modality)) +
    tokensOf(meta.toolUsePromptTokensDetails, modality)
  const input = split(prompt - cached + tools, [fresh('AUDIO'), fresh('IMAGE')])

  const inside = thoughts > 0 && thoughts <= candidates && prompt + tools + candidates === total
  const output = split(inside ? candidates - thoughts : candidates, [
    tokensOf(meta.candidatesTokensDetails, 'AUDIO'),
    tokensOf(meta.candidatesTokensDetails, 'IMAGE'),
  ])
  const serviceTier = servedTierOf(meta.serviceTier)
  return {
    inputTokens: input.rest,
    cacheReadTokens: cached,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    inputAudioTokens: input.parts[0] ?? 0,
    inputImageTokens: input.parts[1] ?? 0,
    outputTokens: output.rest,
    reasoningTokens: thoughts,
    outputAudioTokens: output.parts[0] ?? 0,
    outputImageTokens: output.parts[1] ?? 0,
    ...searches(answer),
    ...(serviceTier && { serviceTier }),
  }
}

/** Searches that are billed: each one from the third generation on, and before it each prompt that needed any. */
export function searches(answer: unknown): Pick<Usage, 'webSearches'> {
  const { candidates, modelVersion } = fields(answer)
  const queries = list(candidates).flatMap((candidate) =>
    list(fields(fields(candidate).groundingMetadata).webSearchQueries).filter((query) => query !== ''),
  )
  if (queries.length === 0) return {}
  return { webSearches: generation(text(modelVersion) ?? '') >= 3 ? queries.length : 1 }
}

function tokensOf(details: unknown, modality: string): number {
  return list(details)
    .map(fields)
    .filter((detail) => detail.modality === modality)
    .reduce((sum, detail) => sum + whole(detail.tokenCount), 0)
}

/** The parts, each at most as large as what is left of the whole, and what remains of it. */
function split(total: number, wanted: readonly number[]): { readonly parts: readonly number[]; readonly rest: number } {
  let rest = total
  const parts = wanted.map((tokens) => {
    const taken = Math.min(tokens, rest)
    rest -= taken
    return taken
  })
  return { parts, rest }
}

function whole(tokens: unknown): number {
  return Math.max(0, Math.ceil(number(tokens) ?? 0))
}
