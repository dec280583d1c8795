import type { ChatMessage, ChatRequest } from '../../dialects/chat.ts'
import { cacheKey, canonical, type Form, type KeyParts } from '../key.ts'

/** A question, and where in which conversation it was asked. */
export interface Position {
  /** SHA-256 of whose entries these are. */
  readonly owner: string
  /** SHA-256 of everything but the question: only equal ones are ever compared. */
  readonly index: string
  readonly question: string
}

export interface Surroundings {
  /** Everything that names the exact cache's answers but what is asked: the scope first, then the model group. */
  readonly parts: KeyParts
  /** What of the request counts, as for the exact cache. */
  readonly form: Form
  /** The model group that makes the vectors. */
  readonly embedder: string
}

export interface Bounds {
  /** Messages of the conversation, the question included. */
  readonly mostMessages: number
  readonly mostQuestionChars: number
}

/** Why a request has no place in the semantic cache. */
export type Unplaced = 'no question' | 'not only text' | 'tools' | 'long conversation' | 'long question'

/** Where a request stands: everything counts that counts for the exact cache, and the question's text alone does not. */
export async function positionOf(
  request: ChatRequest,
  around: Surroundings,
  bounds: Bounds,
): Promise<Position | Unplaced> {
  const { messages } = request
  const last = messages.at(-1)
  if (last?.role !== 'user') return 'no question'
  if (usesTools(request)) return 'tools'
  const question = textOf(last)
  if (question === undefined) return 'not only text'
  if (question.trim() === '') return 'no question'
  if (messages.length > bounds.mostMessages) return 'long conversation'
  if (question.length > bounds.mostQuestionChars) return 'long question'
  const { parts, embedder, form } = around
  // The question's other fields count (`name`).
  const turns = [...messages.slice(0, -1), { ...last, content: null }]
  const [owner, index] = await Promise.all([
    cacheKey([parts[0], 'semantic']),
    cacheKey([...parts, 'semantic', embedder, canonical({ ...request, messages: turns }, form)]),
  ])
  return { owner: owner.hash, index: index.hash, question }
}

function usesTools({ messages, tools, functions, web_search_options: search }: ChatRequest): boolean {
  const offered = [tools, functions].some((list) => Array.isArray(list) && list.length > 0)
  const used = ({ role, tool_calls: calls, function_call: call }: ChatMessage) =>
    role === 'tool' || role === 'function' || (Array.isArray(calls) && calls.length > 0) || call != null
  return offered || search != null || messages.some(used)
}

function textOf({ content }: ChatMessage): string | undefined {
  if (typeof content === 'string') return content
  if (!Array.isArray(content) || content.length === 0) return undefined
  const texts = content.map((part: { type?: unknown; text?: unknown } | null) =>
    part?.type === 'text' && typeof part.text === 'string' ? part.text : undefined,
  )
  return texts.includes(undefined) ? undefined : texts.join('\n')
}
