import type { FinishReason } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, present, text } from '../dialects/loose-json.ts'

/** How a candidate ended. What Google calls malformed is a failure: there is no answer to be shown. */
export type Finish = { readonly how: FinishReason } | { readonly how: 'failed'; readonly message: string }

const FINISHES: Readonly<Record<string, FinishReason | 'failed'>> = {
  STOP: 'stop',
  FINISH_REASON_UNSPECIFIED: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  MALFORMED_FUNCTION_CALL: 'failed',
  UNEXPECTED_TOOL_CALL: 'failed',
  TOO_MANY_TOOL_CALLS: 'failed',
  MISSING_THOUGHT_SIGNATURE: 'failed',
  MALFORMED_RESPONSE: 'failed',
}

/** Everything that Google stops an answer for (safety, recitation, language, and what it may add) is a filter's work. */
export function finishOf(candidate: Fields, hasCalls: boolean): Finish | undefined {
  const reason = reasonOf(candidate)
  if (reason === undefined) return undefined
  const how = FINISHES[reason] ?? 'content_filter'
  if (how === 'failed') {
    const said = text(candidate.finishMessage)
    return { how, message: `The model's answer was unusable (${reason})${said === undefined ? '.' : `: ${said}`}` }
  }
  return { how: how === 'stop' && hasCalls ? 'tool_calls' : how }
}

/** Both of Google's APIs count these alike, for who asked for enums as numbers; what follows they do not. */
const NUMBERED = ['FINISH_REASON_UNSPECIFIED', 'STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION', 'OTHER']

function reasonOf({ finishReason }: Fields): string | undefined {
  const at = number(finishReason)
  if (at === 0) return undefined
  return at === undefined ? text(finishReason) : (NUMBERED[at] ?? 'OTHER')
}

/** A prompt that was not let through: there are no candidates then, only the reason. */
export function blockIn(answer: Fields): { readonly refusal: string; readonly aside: Fields } | undefined {
  const feedback = fields(answer.promptFeedback)
  const reason = text(feedback.blockReason)
  if (reason === undefined || list(answer.candidates).some((one) => list(fields(fields(one).content).parts).length > 0))
    return undefined
  return {
    refusal: text(feedback.blockReasonMessage) ?? `The provider blocked the prompt (${reason}).`,
    aside: { prompt_feedback: feedback },
  }
}

/** What chat has no field for, under LiteLLM's manner of names; Google asks that search entry points be shown. */
export function asideOf(candidate: Fields): Fields {
  const reason = reasonOf(candidate)
  const told = reason !== undefined && reason !== 'STOP' && reason !== 'MAX_TOKENS'
  return present({
    native_finish_reason: told ? reason : undefined,
    finish_message: text(candidate.finishMessage),
    grounding_metadata: filled(candidate.groundingMetadata),
    citation_metadata: filled(candidate.citationMetadata),
    url_context_metadata: filled(candidate.urlContextMetadata),
    safety_ratings: list(candidate.safetyRatings).length > 0 ? candidate.safetyRatings : undefined,
    avg_logprobs: number(candidate.avgLogprobs),
  })
}

function filled(value: unknown): Fields | undefined {
  return isFields(value) && Object.keys(value).length > 0 ? value : undefined
}

const encoder = new TextEncoder()

/** `logprobsResult` as OpenAI's `logprobs`. */
export function logprobsOf({ logprobsResult }: Fields): Fields | undefined {
  const { chosenCandidates, topCandidates } = fields(logprobsResult)
  const tops = list(topCandidates).map((step) => list(fields(step).candidates).map(tokenOf))
  const chosen = list(chosenCandidates).map(tokenOf)
  if (chosen.length === 0) return undefined
  return { content: chosen.map((token, at) => ({ ...token, top_logprobs: tops[at] ?? [] })), refusal: null }
}

function tokenOf(candidate: unknown): Fields {
  const { token, logProbability } = fields(candidate)
  const words = typeof token === 'string' ? token : ''
  return { token: words, logprob: number(logProbability) ?? 0, bytes: [...encoder.encode(words)] }
}
