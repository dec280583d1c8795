import { headersFor, urlOf } from './openai-compatible.ts'
import { openaiFailure } from './openai-failure.ts'
import { openaiHome } from './openai-home.ts'
import { openaiResponsesCompletion } from './openai-responses-answer.ts'
import { openaiResponsesReader } from './openai-responses-reader.ts'
import { forwardedBody, openaiResponsesBody } from './openai-responses-request.ts'
import { openaiResponsesUsage } from './openai-responses-usage.ts'
import type { Provider, Target } from './provider.ts'
import type { Vendor } from './translator.ts'

/** What differs between those who have OpenAI's Responses. */
export interface ResponsesHome {
  readonly defaults: Provider['defaults']
  readonly url: (target: Target) => string
  readonly headers: (target: Target) => Record<string, string>
  readonly failure: Provider['failure']
}

/**
 * A vendor by OpenAI's Responses: for models that have nothing else, for thoughts that have to come back, and for callers
 * who speak them, who are passed through.
 */
export function responsesOf({ defaults, url, headers, failure }: ResponsesHome): Vendor {
  const sent = (body: object, target: Target) => ({
    url: url(target),
    method: 'POST',
    headers: headers(target),
    body: JSON.stringify(body),
  })
  const named = (target: Target) => ({ ...target, model: responsesModel(target.model) })
  return {
    dialect: 'responses',
    framing: 'sse',
    defaults,
    chat: (request, target) => sent(openaiResponsesBody(request, named(target)), target),
    forward: (body, stream, target) => sent(forwardedBody(body, stream, named(target)), target),
    completion: openaiResponsesCompletion,
    reader: openaiResponsesReader,
    usage: openaiResponsesUsage,
    failure,
  }
}

/** LiteLLM's mark of a model that is asked by Responses stands before its name. */
export function responsesModel(model: string): string {
  return model.replace(/^(?:o_series|gpt5_series|responses)\//, '')
}

/** OpenAI's own, which is also what a server with OpenAI's API has. */
export const openaiResponses: Vendor = responsesOf({
  defaults: openaiHome,
  url: ({ apiBase, model }) => urlOf(apiBase ?? openaiHome.apiBase, model, '/responses'),
  headers: headersFor,
  failure: openaiFailure,
})
