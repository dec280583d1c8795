import type { Deployment } from '../config/config.ts'
import type { ChatMessage, ChatRequest } from '../dialects/chat.ts'
import { claudeTraits } from '../providers/anthropic-model.ts'
import { type Seam, seam, seamAfter } from '../streams/seam.ts'

/** What goes on with an answer is asked for in plain text: a second model cannot finish a call or an object of the first. */
export function mayBeContinued({ n, response_format, logprobs, modalities, audio, best_of }: ChatRequest): boolean {
  const format = (response_format as { readonly type?: unknown } | null | undefined)?.type
  const speaks = (Array.isArray(modalities) && modalities.includes('audio')) || isSaid(audio)
  return (n ?? 1) === 1 && !isSaid(best_of) && logprobs !== true && !speaks && (format ?? 'text') === 'text'
}

type Asked = Pick<Deployment, 'provider' | 'model'>

/** How one model is asked to go on with a text, and how what it writes is joined to it. */
export interface Continuing {
  readonly request: ChatRequest
  readonly seam: Seam
}

const GO_ON =
  'Your last message broke off in the middle. Go on from exactly where it stops: write only what comes next, beginning ' +
  'with the very next character (a space, if one is missing). Repeat nothing of it, explain nothing, greet nobody.'

/** Fewer are not worth asking for. */
const LEAST_TOKENS = 16

/**
 * A model that continues an assistant's message is given the text as its own; the others, and those that would think
 * first, are told to go on. The answer as a whole keeps the length that the caller allowed.
 */
export function continuing(request: ChatRequest, text: string, asked: Asked): Continuing {
  const given = text.trimEnd()
  const shorter = { ...request, ...lengthLeft(request, text) }
  if (given === '') return { request: shorter, seam: seamAfter(text) }
  const how = prefillOf(request, asked)
  const said: ChatMessage = { role: 'assistant', content: how ? given : text }
  if (how) {
    const messages = withSaid(request.messages, { ...said, ...how })
    return { request: { ...shorter, messages }, seam: seamAfter(text.slice(given.length)) }
  }
  const messages = [...withSaid(request.messages, said), { role: 'user', content: GO_ON }]
  return { request: { ...shorter, messages }, seam: seam(text) }
}

/** A request that ended with a beginning of the answer: both are one message. */
function withSaid(messages: readonly ChatMessage[], said: ChatMessage): ChatMessage[] {
  const last = messages.at(-1)
  if (last?.role !== 'assistant' || typeof last.content !== 'string') return [...messages, said]
  return [...messages.slice(0, -1), { ...last, ...said, content: last.content + String(said.content) }]
}

/**
 * What marks a message that is to be continued; undefined for models that refuse one or answer it anew. Claude continues
 * up to generation 4.5 and only unless it thinks (docs.claude.com, prefill); Mistral asks for `prefix` (docs.mistral.ai,
 * chat prefix).
 */
function prefillOf(request: ChatRequest, { provider, model }: Asked): Partial<ChatMessage> | undefined {
  if (thinks(request)) return undefined
  if (provider === 'mistral') return { prefix: true }
  const isClaude = provider === 'anthropic' || /claude/i.test(model)
  const known = provider === 'anthropic' || provider === 'bedrock' || provider === 'vertex_ai'
  return isClaude && known && claudeTraits(model).prefill ? {} : undefined
}

function thinks({ reasoning_effort, thinking }: ChatRequest): boolean {
  const type = (thinking as { readonly type?: unknown } | null | undefined)?.type
  return (isSaid(reasoning_effort) && reasoning_effort !== 'none') || (type !== undefined && type !== 'disabled')
}

/** Four characters are about a token. */
function lengthLeft({ max_tokens, max_completion_tokens }: ChatRequest, text: string): Partial<ChatRequest> {
  const left = (most: number) => Math.max(LEAST_TOKENS, most - Math.floor(text.length / 4))
  return {
    ...(typeof max_tokens === 'number' && { max_tokens: left(max_tokens) }),
    ...(typeof max_completion_tokens === 'number' && { max_completion_tokens: left(max_completion_tokens) }),
  }
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null
}
