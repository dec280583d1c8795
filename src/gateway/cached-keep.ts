import { assembled } from '../cache/assemble.ts'
import type { Entry, KeptChat } from '../cache/entry.ts'
import { isKept } from '../cache/policy.ts'
import type { ChatChunk, ChatCompletion, ChatRequest } from '../dialects/chat.ts'
import type { NanoUsd } from '../money.ts'
import { passes, readingOf, splitterOf } from '../operations/chat-tongue.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import type { Keep } from './keep.ts'

export interface ChatKeep {
  readonly ttlMs: number
  readonly maxEntryBytes: number
  readonly deps: GatewayDeps
  /** Gets what may be given to others. `lasting`: also later, not only to who waits for it now. */
  readonly kept: (entry: Entry & { readonly what: KeptChat }, lasting: boolean) => void
}

/** Events around a text are many times as long as the text. */
const STREAM_PER_ENTRY = 8

/** Turns a good answer into an entry: canonical, complete, with its usage; of anything else nothing. */
export function chatKeep({ ttlMs, maxEntryBytes, deps, kept }: ChatKeep): Keep<ChatRequest> {
  const keep = (attempt: Attempt, what: KeptChat, cost: NanoUsd) => {
    if (attempt.retold || !isKept(what.answer)) return
    const nowMs = deps.clock()
    const entry = {
      v: 1 as const,
      what,
      deployment: attempt.deployment.id,
      storedAtMs: nowMs,
      expiresAtMs: nowMs + ttlMs,
      costNano: String(cost),
      tookMs: nowMs - attempt.startedAtMs,
    }
    // What a fallback says is good for who waits, but the model that was asked for may be back in a moment.
    kept(entry, attempt.fallbacks === 0)
  }
  return {
    mostBytes: maxEntryBytes * STREAM_PER_ENTRY,
    whole(attempt, { answers: [{ json }], told, cost }) {
      if (told.estimated) return undefined
      const answer = read(() => attempt.provider.completion(json, readingOf(attempt)))
      if (!answer) return undefined
      const { name } = attempt.call.dialect
      const what: KeptChat = {
        kind: 'chat',
        answer: { ...answer, usage: answer.usage ?? told.usage },
        ...(passes(attempt) && { original: { dialect: name, body: told.body } }),
      }
      keep(attempt, what, cost)
      return undefined
    },
    streamed(attempt, pieces, cost) {
      const answer = read(() => assembled(chunksOf(attempt, pieces)))
      if (answer) keep(attempt, { kind: 'chat', answer }, cost)
    },
  }
}

function chunksOf(attempt: Attempt, pieces: readonly Uint8Array[]): ChatChunk[] {
  const splitter = splitterOf(attempt)
  const reader = attempt.provider.reader(readingOf(attempt))
  const events = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()]
  const chunks = events.flatMap((event) => reader.read(event))
  return reader.complete && reader.error === undefined && reader.malformed === 0 ? chunks : []
}

/** An answer that cannot be read again is not kept. */
function read(answer: () => ChatCompletion | undefined): ChatCompletion | undefined {
  try {
    return answer()
  } catch {
    return undefined
  }
}
