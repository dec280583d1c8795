import type { ChatRequest } from '../dialects/chat.ts'
import { GatewayError } from '../errors.ts'
import type { Target } from './provider.ts'
import type { Translator } from './translator.ts'

const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }

/** OpenAI's parameters of a chat, each with a value that asks for something. */
const ASKED: Readonly<Record<string, unknown>> = {
  frequency_penalty: 0.5,
  logit_bias: { 50256: -100 },
  logprobs: true,
  max_completion_tokens: 16,
  max_tokens: 16,
  modalities: ['text', 'audio'],
  n: 2,
  parallel_tool_calls: false,
  prediction: { type: 'content', content: 'a' },
  presence_penalty: 0.5,
  reasoning_effort: 'low',
  response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object', properties: {} } } },
  seed: 7,
  service_tier: 'flex',
  stop: ['.'],
  stream: true,
  stream_options: { include_usage: true },
  temperature: 0.5,
  thinking: { type: 'enabled', budget_tokens: 1_024 },
  tool_choice: 'required',
  tools: [TOOL],
  top_logprobs: 2,
  top_p: 0.9,
  user: 'someone',
  verbosity: 'low',
  web_search_options: {},
}

/** What a parameter cannot be without. */
const NEEDED: Readonly<Record<string, object>> = {
  top_logprobs: { logprobs: true },
  tool_choice: { tools: [TOOL] },
  parallel_tool_calls: { tools: [TOOL] },
  stream_options: { stream: true },
  thinking: { max_tokens: 4_096 },
}

/** Which of OpenAI's parameters a model takes: its vendor is asked to write each, and refuses those that it has no word for. */
export function supportedParams(vendor: Pick<Translator, 'chat'>, target: Target): readonly string[] {
  const strict: Target = { ...target, dropParams: false, additionalDropParams: [], allowedOpenaiParams: [] }
  return Object.entries(ASKED).flatMap(([param, value]) => {
    const messages = [{ role: 'user', content: 'Hello' }]
    const request: ChatRequest = { model: target.model, messages, ...NEEDED[param], [param]: value }
    try {
      vendor.chat(request, strict)
      return param
    } catch (error) {
      if (error instanceof GatewayError && error.kind === 'invalid_request') return []
      throw error
    }
  })
}
