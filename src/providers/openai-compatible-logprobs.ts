import { type Fields, fields, isFields, list, number, text } from '../dialects/loose-json.ts'

/** Log probabilities in the form of the old completions (lists side by side), as chat has them. */
export function plainLogprobs(choice: Fields): Fields {
  if (!isFields(choice.logprobs) || !Array.isArray(choice.logprobs.tokens)) return choice
  const { tokens, token_logprobs, top_logprobs } = choice.logprobs
  const chances = list(token_logprobs)
  const others = list(top_logprobs)
  const content = tokens.map((token: unknown, at: number) => ({
    token: text(token) ?? '',
    logprob: number(chances[at]) ?? -9999,
    bytes: null,
    top_logprobs: Object.entries(fields(others[at])).map(([other, logprob]) => ({
      token: other,
      logprob,
      bytes: null,
    })),
  }))
  return { ...choice, logprobs: { content, refusal: null } }
}
