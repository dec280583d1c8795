import { fields } from '../dialects/loose-json.ts'
import type { Usage } from '../prices/usage.ts'
import { openaiUsage } from './openai-usage.ts'

/** The usage of a response, or of the event that carries one: OpenAI's nested counting under newer names. */
export function openaiResponsesUsage(answer: unknown): Usage | undefined {
  const whole = fields(answer)
  const usage = fields(whole.usage ?? fields(whole.response).usage)
  return openaiUsage({
    usage: {
      prompt_tokens: usage.input_tokens,
      completion_tokens: usage.output_tokens,
      prompt_tokens_details: usage.input_tokens_details,
      completion_tokens_details: usage.output_tokens_details,
    },
  })
}
