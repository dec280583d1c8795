import { completionTokens, promptTokens, totalTokens, type Usage } from '../prices/usage.ts'
import type { AssistantMessage, ChatChunk, ChatCompletion, ChatDelta, ChatRequest, ToolCall } from './chat.ts'
import type { ChunkPrinter } from './dialect.ts'
import { present } from './loose-json.ts'

/** Canonical chat as OpenAI's whole answer. `model` is the name that the caller asked for. */
export function printChat(answer: ChatCompletion, request: ChatRequest): object {
  return {
    id: answer.id,
    object: 'chat.completion',
    created: answer.created,
    model: request.model,
    choices: answer.choices.map(({ index, message, finish_reason, logprobs, stop_sequence }) => ({
      index,
      message: printMessage(message),
      logprobs: logprobs ?? null,
      finish_reason,
      ...(stop_sequence !== undefined && { stop_reason: stop_sequence }),
    })),
    ...(answer.usage && { usage: printUsage(answer.usage) }),
    ...present({
      service_tier: answer.service_tier,
      system_fingerprint: answer.system_fingerprint,
      provider_specific_fields: answer.provider_specific_fields,
    }),
  }
}

function printMessage({ role, content, refusal, tool_calls, ...rest }: AssistantMessage): object {
  return {
    role,
    content,
    refusal: refusal ?? null,
    ...rest,
    ...(tool_calls && tool_calls.length > 0 && { tool_calls: tool_calls.map(printCall) }),
  }
}

function printCall(call: ToolCall): object {
  if (call.type !== 'custom') return call
  const { id, type, function: written, ...rest } = call
  return { id, type, custom: { name: written.name, input: written.arguments }, ...rest }
}

/**
 * Counts in OpenAI's nested way, with LiteLLM's names for prompt caches beside it: what was cached is inside the prompt,
 * what was thought inside the completion.
 */
export function printUsage(usage: Usage): object {
  const written = usage.cacheWriteTokens + usage.cacheWrite1hTokens
  return {
    prompt_tokens: promptTokens(usage),
    completion_tokens: completionTokens(usage),
    total_tokens: totalTokens(usage),
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      audio_tokens: usage.inputAudioTokens,
      ...(usage.inputImageTokens > 0 && { image_tokens: usage.inputImageTokens }),
      ...(written > 0 && {
        cache_write_tokens: written,
        cache_creation_token_details: {
          ephemeral_5m_input_tokens: usage.cacheWriteTokens,
          ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
        },
      }),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.outputAudioTokens,
      ...(usage.outputImageTokens > 0 && { image_tokens: usage.outputImageTokens }),
    },
    ...(written > 0 && { cache_creation_input_tokens: written }),
    ...(usage.cacheReadTokens > 0 && { cache_read_input_tokens: usage.cacheReadTokens }),
  }
}

const encoder = new TextEncoder()

/** Canonical chunks as OpenAI's: each choice begins with its role, usage comes last and only to who asked, then `[DONE]`. */
export function chatPrinter(request: ChatRequest): ChunkPrinter {
  const showUsage = request.stream_options?.include_usage === true
  const begun = new Set<number>()
  const customCalls = new Set<string>()
  let head: object | undefined
  let usage: Usage | undefined

  const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`

  const printDelta = (index: number, { role: _, content, tool_calls, ...rest }: ChatDelta): object => {
    const begins = !begun.has(index)
    begun.add(index)
    return {
      ...(begins && { role: 'assistant' }),
      ...(content !== undefined ? { content } : begins && tool_calls === undefined ? { content: '' } : {}),
      ...rest,
      ...(tool_calls && tool_calls.length > 0 && { tool_calls: tool_calls.map((call) => printPiece(index, call)) }),
    }
  }

  const printPiece = (choice: number, piece: NonNullable<ChatDelta['tool_calls']>[number]): object => {
    const call = `${choice}:${piece.index}`
    if (piece.type === 'custom') customCalls.add(call)
    if (!customCalls.has(call)) return piece
    const { function: written, ...rest } = piece
    return { ...rest, custom: present({ name: written?.name, input: written?.arguments }) }
  }

  return {
    print(chunk: ChatChunk) {
      usage = chunk.usage ?? usage
      head ??= { id: chunk.id, object: 'chat.completion.chunk', created: chunk.created, model: request.model }
      if (chunk.choices.length === 0) return undefined
      const choices = chunk.choices.map(({ index, delta, finish_reason, logprobs, stop_sequence }) => ({
        index,
        delta: printDelta(index, delta),
        logprobs: logprobs ?? null,
        finish_reason: finish_reason ?? null,
        ...(stop_sequence !== undefined && { stop_reason: stop_sequence }),
      }))
      const tier = present({ service_tier: chunk.service_tier })
      return encoder.encode(event({ ...head, ...tier, choices, ...(showUsage && { usage: null }) }))
    },
    end() {
      const last = showUsage && head && usage ? event({ ...head, choices: [], usage: printUsage(usage) }) : ''
      return encoder.encode(`${last}data: [DONE]\n\n`)
    },
  }
}
