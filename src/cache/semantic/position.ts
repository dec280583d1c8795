import type { ChatMessage, ChatRequest } from '../../dialects/chat.ts'

/** A question, and where in which conversation it was asked. */
export interface Position {
  /** SHA-256 of whose entries these are. */
  readonly owner: string
  /** SHA-256 of everything but the question: only equal ones are ever compared. */
  readonly index: string
  readonly question: string
}

export interface Surroundings {
  /** Whose entries the caller shares: the scope of the exact cache (`team:…`). */
  readonly scope: string
  /** The model group. */
  readonly group: string
  /** The model group that makes the vectors. */
  readonly embedder: string
  /** Raised when everything is to be forgotten; also a namespace, if one was named. */
  readonly generation: string
}

export interface Bounds {
  /** Messages of the conversation, the question included. */
  readonly mostMessages: number
  readonly mostQuestionChars: number
}

/** Why a request has no place in the semantic cache. */
export type Unplaced = 'no question' | 'not only text' | 'tools' | 'long conversation' | 'long question'

/** What does not change the answer's content, and is not the conversation. */
const BESIDE = new Set(['messages', 'model', 'stream', 'stream_options', 'metadata', 'user', 'cache'])

/**
 * Where a request stands. Everything counts but how it is sent; the exact cache may hand in a request that it has reduced
 * further to what can change an answer.
 */
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
  const fields = Object.fromEntries(Object.entries(request).filter(([name]) => !BESIDE.has(name)))
  const { scope, group, embedder, generation } = around
  // The question's own fields count (`name`), only its text does not.
  const turns = [...messages.slice(0, -1), { ...last, content: null }]
  const [owner, index] = await Promise.all([
    sha256(scope),
    sha256(canonical({ scope, group, embedder, generation, turns, fields })),
  ])
  return { owner, index, question }
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

/** JSON whose objects have their names in one order, and nothing that says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, one]) => one != null)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  )
}

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
