import { fields, isFields, number } from '../dialects/loose-json.ts'
import { noUsage, type Usage } from '../prices/usage.ts'

/** OpenAI's usage of sound: tokens of each kind, or how long it is. Undefined where nothing is said. */
export function audioTokens(answer: unknown): Usage | undefined {
  const { usage } = fields(answer)
  if (!isFields(usage)) return undefined
  const seconds = number(usage.seconds)
  if (seconds !== undefined) return { ...noUsage, inputAudioMs: msOf(seconds) }
  const read = number(usage.input_tokens)
  const written = number(usage.output_tokens)
  if (read === undefined && written === undefined) return undefined
  const { audio_tokens, text_tokens } = fields(usage.input_token_details ?? usage.input_tokens_details)
  const input = whole(read)
  const heard = Math.min(number(audio_tokens) ?? 0, input)
  // Whoever hears answers in text; whoever speaks reads text alone.
  const listens = audio_tokens !== undefined || text_tokens !== undefined
  return {
    ...noUsage,
    inputTokens: input - whole(heard),
    inputAudioTokens: whole(heard),
    ...(listens ? { outputTokens: whole(written) } : { outputAudioTokens: whole(written) }),
  }
}

/** OpenAI's sound is about 21 tokens a second, Google's 25, and people say some fourteen characters in it; the slowest two. */
const MOST_TOKENS_PER_CHARACTER = 12.5
/** Ten seconds: short texts have silence around them. */
const LEAST_TOKENS = 250

/** The most tokens of sound that a text is read aloud in. */
export function mostSpokenTokens(input: string): number {
  return LEAST_TOKENS + Math.ceil(MOST_TOKENS_PER_CHARACTER * charactersOf(input))
}

/** As vendors count them: one that JavaScript counts twice is one. */
export function charactersOf(input: string): number {
  let count = 0
  for (const _ of input) count += 1
  return count
}

export function msOf(seconds: number): number {
  return Math.max(0, Math.ceil(seconds * 1000))
}

const whole = (value: number | undefined) => Math.max(0, Math.ceil(value ?? 0))
