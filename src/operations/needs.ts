import type { Capability } from '../config/config.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import type { Needs } from '../routing/needs.ts'
import { audioTokens, type ChatInput, chatInput } from './chat-input.ts'

/** A token of most texts covers four bytes or more. Rather too few: a vendor says itself when an input is too long. */
const BYTES_PER_TOKEN = 4
const TOKENS_PER_MESSAGE = 4

/**
 * What a chat needs of a deployment, as far as the request tells; region, tags and the `User-Agent` are the caller's to
 * add. It reads every text once: ask only where a check or a strategy looks at it.
 */
export function needsOf(request: ChatRequest): Needs {
  const input = chatInput(request)
  const outputTokens = asked(request)
  return {
    inputTokens: tokens(input),
    ...(outputTokens !== undefined && { outputTokens }),
    capabilities: capabilities(request, input),
  }
}

function tokens(input: ChatInput): number {
  const { textBytes, messages, images } = input
  const pictures = images.reduce<number>((sum, detail) => sum + (detail === 'low' ? 70 : 500), 0)
  return Math.ceil(textBytes / BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE * messages + pictures + audioTokens(input)
}

function asked({ max_completion_tokens, max_tokens }: ChatRequest): number | undefined {
  return [max_completion_tokens, max_tokens].find((count) => typeof count === 'number' && count > 0) ?? undefined
}

function capabilities(
  request: ChatRequest,
  { images, audioSeconds, audioBytes, opaque, tools }: ChatInput,
): Capability[] {
  const { response_format, modalities, web_search_options } = request
  const needed: Capability[] = []
  if (images.length > 0) needed.push('vision')
  if (tools > 0) needed.push('tools')
  if (isFields(response_format) && response_format.type === 'json_schema') needed.push('jsonSchema')
  if (audioSeconds + audioBytes > 0) needed.push('audioInput')
  if (Array.isArray(modalities) && modalities.includes('audio')) needed.push('audioOutput')
  if (opaque > 0 && hasFile(request)) needed.push('pdfInput')
  if (isFields(web_search_options)) needed.push('webSearch')
  return needed
}

function hasFile({ messages }: ChatRequest): boolean {
  return messages.some(
    ({ content }) => Array.isArray(content) && content.some((part) => isFields(part) && part.type === 'file'),
  )
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
