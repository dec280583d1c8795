import type { FinishReason } from './chat.ts'
import { type Fields, fields, text } from './loose-json.ts'

const FINISH: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  compaction: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
}

/** A reason nobody knows here is an ordinary end; an answer that calls a tool and is not cut off ends as `tool_calls`. */
export function finishOf(stopReason: unknown, calls: boolean): FinishReason {
  const finish = FINISH[text(stopReason) ?? ''] ?? 'stop'
  if (finish === 'stop') return calls ? 'tool_calls' : 'stop'
  return finish === 'tool_calls' && !calls ? 'stop' : finish
}

/** Reasons that the canonical words cannot tell apart, kept for callers who can. */
const TOLD_APART = new Set(['pause_turn', 'compaction', 'model_context_window_exceeded'])

export function stopAside(stopReason: unknown, stopDetails: unknown): Fields {
  const details = fields(stopDetails)
  return {
    ...(typeof stopReason === 'string' && TOLD_APART.has(stopReason) && { stop_reason: stopReason }),
    ...(Object.keys(details).length > 0 && { stop_details: details }),
  }
}

interface Ending {
  readonly finish: FinishReason | null | undefined
  readonly stopSequence: string | undefined
  readonly calls: boolean
  /** OpenAI's refusals end like any other answer. */
  readonly refused: boolean
  /** `provider_specific_fields` of the message. */
  readonly aside: Fields
}

/** The way back: Anthropic's clients act on `tool_use` alone, so a call is never hidden behind an ordinary end. */
export function stopReasonOf({ finish, stopSequence, calls, refused, aside }: Ending): string {
  if (finish === 'length') return text(aside.stop_reason) ?? 'max_tokens'
  if (finish === 'content_filter' || refused) return 'refusal'
  if (calls || finish === 'tool_calls' || finish === 'function_call') return calls ? 'tool_use' : 'end_turn'
  if (stopSequence !== undefined) return 'stop_sequence'
  return text(aside.stop_reason) ?? 'end_turn'
}
