import type { ChatMessage } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, present, text } from '../dialects/loose-json.ts'
import { signerOf } from '../dialects/signer.ts'
import { mistralTranscription } from './mistral-audio.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { eachChoice, olderMaximum } from './openai-compatible-messages.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { openaiModeration } from './openai-moderation.ts'

const defaults = {
  apiBase: 'https://api.mistral.ai/v1',
  apiBaseEnv: 'MISTRAL_API_BASE',
  apiKeyEnv: 'MISTRAL_API_KEY',
}

/**
 * Mistral has names of its own for some fields and refuses those it does not know, wants calls' ids in nine letters and
 * digits, and has thoughts as parts of the content, on both ways.
 */
const chat = openaiCompatible(defaults, {
  knows: ['thinking_blocks', 'reasoning_content', 'web_search', 'file_url'],
  lacks: ['logprobs', 'top_logprobs', 'logit_bias', 'audio', 'web_search_options', 'verbosity', 'modalities'],
  ignores: ['user', 'safety_identifier', 'store', 'stream_options'],
  body: ({ messages, seed, tool_choice, ...body }) => ({
    ...olderMaximum(body),
    messages: messages.map(mistralMessage),
    ...(seed !== undefined && { random_seed: seed }),
    ...(tool_choice !== undefined && { tool_choice: tool_choice === 'required' ? 'any' : tool_choice }),
  }),
  plain: (answer) => eachChoice(answer, plainChoice),
  counts: (usage) => {
    const cached = number(usage.num_cached_tokens) ?? number(usage.cached_tokens)
    if (cached === undefined || isFields(usage.prompt_tokens_details)) return usage
    return { ...usage, prompt_tokens_details: { cached_tokens: cached } }
  },
  refusal: (body) => {
    const { detail } = fields(body.message)
    return detail === undefined ? body : { ...body, message: undefined, detail }
  },
})

export const mistral = {
  ...chat,
  moderation: openaiModeration(defaults),
  transcription: { transcriptions: mistralTranscription(defaults) },
  embedding: openaiEmbedding(defaults, {
    textOnly: true,
    ignores: ['user'],
    body: ({ dimensions, ...body }) => ({ ...body, ...present({ output_dimension: dimensions }) }),
  }),
}

function mistralMessage(message: ChatMessage): ChatMessage {
  const { thinking_blocks, reasoning_content, tool_calls, tool_call_id, refusal: _, ...rest } = message
  const thoughts = thoughtParts(list(thinking_blocks), reasoning_content)
  const parts = Array.isArray(rest.content) ? rest.content.map((part) => mistralPart(fields(part))) : undefined
  const said = parts ?? (text(rest.content) === undefined ? [] : [{ type: 'text', text: rest.content }])
  const calls = list(tool_calls).map(fields)
  return {
    ...rest,
    ...(parts && { content: parts }),
    ...(thoughts.length > 0 && { content: [...thoughts, ...said] }),
    ...(calls.length > 0 && { tool_calls: calls.map((call) => ({ ...call, id: nineLetters(call.id) })) }),
    ...(tool_call_id !== undefined && { tool_call_id: nineLetters(tool_call_id) }),
  }
}

function thoughtParts(blocks: readonly unknown[], reasoning: unknown): Fields[] {
  const part = (words: string, signature?: string) => ({
    type: 'thinking',
    thinking: [{ type: 'text', text: words }],
    ...present({ signature }),
  })
  const written = blocks.map(fields).flatMap((block) => {
    const words = block.type === 'thinking' ? text(block.thinking) : undefined
    const signature = text(block.signature)
    const own = signature !== undefined && signerOf(signature) === undefined ? signature : undefined
    return words === undefined ? [] : [part(words, own)]
  })
  const words = text(reasoning)
  return written.length > 0 || words === undefined ? written : [part(words)]
}

function mistralPart(part: Fields): Fields {
  const { file_data, filename, file_id } = fields(part.file)
  const address = text(file_data) ?? (/^https?:/.test(String(file_id)) ? file_id : undefined)
  if (part.type === 'file' && address !== undefined)
    return { type: 'document_url', document_url: address, ...present({ document_name: text(filename) }) }
  if (part.type === 'file' && text(file_id) !== undefined) return { type: 'file', file_id }
  if (part.type === 'input_audio' && isFields(part.input_audio))
    return { type: 'input_audio', input_audio: part.input_audio.data }
  return part
}

function plainChoice(choice: Fields): Fields {
  return {
    ...choice,
    ...(isFields(choice.message) && { message: plainMessage(choice.message) }),
    ...(isFields(choice.delta) && { delta: plainMessage(choice.delta) }),
  }
}

function plainMessage(message: Fields): Fields {
  if (!Array.isArray(message.content)) return message
  const parts = message.content.map(fields)
  const content = parts.map((part) => (part.type === 'text' ? (text(part.text) ?? '') : '')).join('')
  const blocks = parts.flatMap((part) => {
    if (part.type !== 'thinking') return []
    const thinking =
      text(part.thinking) ??
      list(part.thinking)
        .map((inner) => text(fields(inner).text) ?? '')
        .join('')
    return [{ type: 'thinking', thinking, ...present({ signature: text(part.signature) }) }]
  })
  const reasoning = blocks.map(({ thinking }) => thinking).join('')
  return {
    ...message,
    content,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(blocks.length > 0 && { thinking_blocks: blocks }),
  }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Other vendors' ids, always the same for the same, so that a result finds its call. */
function nineLetters(id: unknown): unknown {
  if (typeof id !== 'string' || /^[A-Za-z0-9]{9}$/.test(id)) return id
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(id)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  let letters = ''
  for (; letters.length < 9; hash /= 62n) letters += LETTERS[Number(hash % 62n)]
  return letters
}
