import type { ChatChunk, ChatCompletion, FinishReason, ToolCall } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, parsed, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { ollamaFailure } from './ollama-failure.ts'
import type { ChunkReader, Reading } from './translator.ts'

/** Ollama counts what it evaluated: a prompt that it still had in memory is not in it. Thoughts are output. */
export function ollamaUsage(answer: unknown): Usage | undefined {
  const { prompt_eval_count, eval_count } = fields(answer)
  if (!isCount(prompt_eval_count) && !isCount(eval_count)) return undefined
  return {
    ...noUsage,
    inputTokens: isCount(prompt_eval_count) ? prompt_eval_count : 0,
    outputTokens: isCount(eval_count) ? eval_count : 0,
  }
}

export function ollamaCompletion(body: unknown, reading: Reading): ChatCompletion {
  const answer = fields(body)
  if (answer.error !== undefined && answer.error !== null) {
    const { kind, status, message: said } = ollamaFailure(500, new Headers(), JSON.stringify(answer))
    throw new GatewayError(kind, said, { status })
  }
  if (!isFields(answer.message))
    throw new GatewayError('upstream_failed', "The provider's answer has no message: it is not an answer of Ollama.")
  const { message } = answer
  const calls = callsIn(message, 0, reading.id)
  const usage = ollamaUsage(answer)
  return {
    ...frameOf(answer, reading),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text(message.content) ?? null,
          ...present({ reasoning_content: text(message.thinking) }),
          ...(calls.length > 0 && { tool_calls: calls }),
          ...imagesIn(message),
        },
        finish_reason: finishOf(answer.done_reason, calls.length > 0),
        ...present({ logprobs: logprobsIn(answer) }),
      },
    ],
    ...present({ usage }),
  }
}

/** Reads one stream of `/api/chat`. Tool calls come whole. */
export function ollamaReader(reading: Reading): ChunkReader {
  let calls = 0
  let spoke = false
  let complete = false
  let error: string | undefined
  let malformed = 0

  return {
    read({ data }) {
      if (complete || error !== undefined) return []
      const line = parsed(data)
      if (!isFields(line)) {
        malformed += 1
        return []
      }
      if (line.error !== undefined && line.error !== null) {
        error = ollamaFailure(500, new Headers(), data).message
        return []
      }
      const message = fields(line.message)
      const made = callsIn(message, calls, reading.id)
      const pieces = made.map((call, at) => ({ index: calls + at, ...call }))
      calls += made.length
      const done = line.done === true
      const delta = {
        ...(!spoke && { role: 'assistant' as const }),
        ...present({ content: text(message.content), reasoning_content: text(message.thinking) }),
        ...(pieces.length > 0 && { tool_calls: pieces }),
        ...imagesIn(message),
      }
      const logprobs = logprobsIn(line)
      const usage = done ? ollamaUsage(line) : undefined
      if (!done && Object.keys(delta).length === 0 && logprobs === undefined) return []
      spoke = true
      complete = done
      const finish = done && { finish_reason: finishOf(line.done_reason, calls > 0) }
      const chunk: ChatChunk = {
        ...frameOf(line, reading),
        choices: [{ index: 0, delta, ...finish, ...present({ logprobs }) }],
        ...present({ usage }),
      }
      return [chunk]
    },
    get complete() {
      return complete && error === undefined
    },
    get error() {
      return error
    },
    get malformed() {
      return malformed
    },
  }
}

/** Ollama gives answers no id, and older versions give calls none. */
function callsIn(message: Fields, before: number, answerId: string): ToolCall[] {
  return list(message.tool_calls)
    .map(fields)
    .filter((call) => isFields(call.function))
    .map((call, at) => {
      const { name, arguments: given } = fields(call.function)
      return {
        id: text(call.id) ?? `call_${answerId}_${before + at}`,
        type: 'function',
        function: { name: String(name), arguments: typeof given === 'string' ? given : JSON.stringify(given ?? {}) },
      }
    })
}

function imagesIn(message: Fields): { images?: readonly unknown[] } {
  const images = list(message.images).filter((one) => typeof one === 'string')
  if (images.length === 0) return {}
  return {
    images: images.map((data) => ({ type: 'image_url', image_url: { url: `data:${typeOf(data)};base64,${data}` } })),
  }
}

/** By the first letters of its base64, since Ollama does not say. */
function typeOf(base64: string): string {
  if (base64.startsWith('/9j/')) return 'image/jpeg'
  return base64.startsWith('UklGR') ? 'image/webp' : 'image/png'
}

function logprobsIn(answer: Fields): unknown {
  const tokens = list(answer.logprobs).filter(isFields)
  if (tokens.length === 0) return undefined
  const plain = (token: Fields) => ({ token: token.token, logprob: token.logprob, bytes: token.bytes ?? null })
  return {
    content: tokens.map((token) => ({
      ...plain(token),
      top_logprobs: list(token.top_logprobs).filter(isFields).map(plain),
    })),
    refusal: null,
  }
}

function finishOf(reason: unknown, called: boolean): FinishReason {
  if (reason === 'length') return 'length'
  return called ? 'tool_calls' : 'stop'
}

function frameOf(answer: Fields, { id, createdSeconds, request }: Reading) {
  const at = Date.parse(text(answer.created_at) ?? '')
  return {
    id,
    created: Number.isNaN(at) ? createdSeconds : Math.floor(at / 1000),
    model: text(answer.model) ?? request.model,
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
