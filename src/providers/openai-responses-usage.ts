import { type Fields, fields, list, text } from '../dialects/loose-json.ts'
import type { Usage } from '../prices/usage.ts'
import { openaiUsage } from './openai-usage.ts'

/**
 * The usage of a response, or of the event that carries one: OpenAI's nested counting under newer names, what it costs where the vendor says it, and the searches
 * among its items. Opening a page that was found is not billed (OpenAI's guide to web search).
 */
export function openaiResponsesUsage(answer: unknown): Usage | undefined {
  const whole = fields(answer)
  const response = fields(whole.response ?? whole)
  const usage = fields(response.usage)
  const searches = list(response.output).map(fields).filter(isSearch).length
  const counted = openaiUsage({
    service_tier: response.service_tier,
    usage: {
      ...usage,
      prompt_tokens: usage.input_tokens,
      completion_tokens: usage.output_tokens,
      prompt_tokens_details: usage.input_tokens_details,
      completion_tokens_details: usage.output_tokens_details,
    },
  })
  return counted && searches > 0 ? { ...counted, webSearches: searches } : counted
}

function isSearch({ type, action }: Fields): boolean {
  return type === 'web_search_call' && (text(fields(action).type) ?? 'search') === 'search'
}
