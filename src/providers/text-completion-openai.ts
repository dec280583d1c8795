import type { ChatMessage } from '../dialects/chat.ts'
import { type Fields, fields, list, number, present, text } from '../dialects/loose-json.ts'
import type { ChatBody } from './chat-body.ts'
import { openaiCompatible, urlOf } from './openai-compatible.ts'
import { eachChoice } from './openai-compatible-messages.ts'
import { openaiHome } from './openai-home.ts'
import type { Target } from './provider.ts'
import type { Vendor } from './translator.ts'
import { unsupported } from './unsupported.ts'

const { dialect: _, ...spoken } = openaiCompatible(openaiHome, {
  knows: ['best_of', 'top_k'],
  lacks: [
    'tools',
    'tool_choice',
    'functions',
    'function_call',
    'response_format',
    'reasoning_effort',
    'verbosity',
    'modalities',
    'audio',
    'prediction',
    'web_search_options',
    'service_tier',
  ],
  ignores: ['parallel_tool_calls', 'store', 'safety_identifier', 'prompt_cache_key'],
  url: ({ apiBase, model }) => urlOf(apiBase ?? openaiHome.apiBase, model, '/completions'),
  body: completionBody,
  plain: (answer) => eachChoice(answer, asSaid),
})

/**
 * OpenAI's older completions, of models that write on and hold no chat (`gpt-3.5-turbo-instruct`, `davinci-002`) and of
 * servers that have them; OpenAI's API reference, "Completions". One message of the user is the prompt as it is; a
 * conversation is written down with who speaks before each turn, and the model writes the next.
 */
export const textCompletionOpenai = spoken satisfies Vendor

/** What one prompt can have at most of likely tokens. */
const MOST_LIKELY_TOKENS = 5

function completionBody(body: ChatBody, target: Target): Fields {
  const { messages, max_completion_tokens, logprobs, top_logprobs, ...rest } = body
  const likely = number(top_logprobs) ?? 0
  unsupported(logprobs === true && likely > MOST_LIKELY_TOKENS ? ['top_logprobs'] : [], target)
  return {
    ...rest,
    prompt: promptOf(messages, target),
    ...present({ max_tokens: max_completion_tokens ?? rest.max_tokens }),
    ...(logprobs === true && { logprobs: Math.min(likely, MOST_LIKELY_TOKENS) }),
  }
}

function promptOf(messages: readonly ChatMessage[], target: Target): string {
  const turns = messages.map((message, at) => ({ speaker: message.role, said: textOf(message, at, target) }))
  const [only] = turns
  if (turns.length === 1 && only?.speaker === 'user') return only.said
  const lines = turns.map(({ speaker, said }) => `${SPEAKERS[speaker] ?? 'User'}: ${said}`)
  return [...lines, 'Assistant:'].join('\n\n')
}

const SPEAKERS: Readonly<Record<string, string>> = {
  system: 'System',
  developer: 'System',
  assistant: 'Assistant',
  tool: 'Tool',
  function: 'Tool',
}

function textOf({ content }: ChatMessage, at: number, target: Target): string {
  if (!Array.isArray(content)) return text(content) ?? ''
  const parts = list(content).map(fields)
  const strange = parts.findIndex((part) => typeof part.text !== 'string')
  unsupported(strange < 0 ? [] : [`messages[${at}].content[${strange}]`], target)
  return parts.map((part) => text(part.text) ?? '').join('\n')
}

/** A choice, whole or a piece of a stream, as a chat has it. */
function asSaid(choice: Fields): Fields {
  const { text: written, logprobs, ...rest } = choice
  return {
    ...rest,
    message: { role: 'assistant', content: text(written) ?? '' },
    logprobs: chatLogprobs(fields(logprobs)),
  }
}

/** The older lists side by side, as chat's list of tokens. Bytes are not told. */
function chatLogprobs({ tokens, token_logprobs, top_logprobs }: Fields): object | null {
  const written = list(tokens)
  if (written.length === 0) return null
  const [certain, likely] = [list(token_logprobs), list(top_logprobs)]
  return {
    content: written.map((token, at) => ({
      token,
      logprob: certain[at] ?? null,
      bytes: null,
      top_logprobs: Object.entries(fields(likely[at])).map(([other, logprob]) => ({
        token: other,
        logprob,
        bytes: null,
      })),
    })),
    refusal: null,
  }
}
