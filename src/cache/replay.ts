import type { ChatChoice, ChatChunk, ChatCompletion, ChatDelta } from '../dialects/chat.ts'

type Choice = ChatChunk['choices'][number]

/** A whole answer as the chunks of a proper stream, in the order in which models say things. */
export function replayed(answer: ChatCompletion): readonly ChatChunk[] {
  const { id, created, model, choices, usage, service_tier: tier } = answer
  const head = { id, created, model, ...(tier !== undefined && { service_tier: tier }) }
  const said = choices.flatMap((choice) => piecesOf(choice).map((piece) => ({ ...head, choices: [piece] })))
  return usage ? [...said, { ...head, choices: [], usage }] : said
}

function piecesOf({ index, message, finish_reason, logprobs, stop_sequence }: ChatChoice): readonly Choice[] {
  const deltas = deltasOf(message)
  const pieces: Choice[] = deltas.map((delta, at) => ({
    index,
    delta: at === 0 ? { role: 'assistant' as const, ...delta } : delta,
    ...(at === deltas.length - 1 && logprobs !== undefined && { logprobs }),
  }))
  return [...pieces, { index, delta: {}, finish_reason, ...(stop_sequence !== undefined && { stop_sequence }) }]
}

function deltasOf(message: ChatChoice['message']): readonly ChatDelta[] {
  const { content, refusal, tool_calls: calls = [], reasoning_content: thought, thinking_blocks: blocks = [] } = message
  const { annotations, audio, images, provider_specific_fields: aside } = message
  const thoughts: ChatDelta[] =
    blocks.length > 0
      ? blocks.map((block) => ({
          ...(block.type === 'thinking' && { reasoning_content: block.thinking }),
          thinking_blocks: [block],
        }))
      : thought
        ? [{ reasoning_content: thought }]
        : []
  const rest: ChatDelta = {
    ...(annotations && { annotations }),
    ...(audio !== undefined && audio !== null ? { audio } : {}),
    ...(images && { images }),
    ...(aside && { provider_specific_fields: aside }),
  }
  const words: ChatDelta[] = [
    ...thoughts,
    ...(content ? [{ content }] : []),
    ...(refusal ? [{ refusal }] : []),
    ...calls.map((call, index) => ({ tool_calls: [{ index, ...call }] })),
    ...(Object.keys(rest).length > 0 ? [rest] : []),
  ]
  return words.length > 0 ? words : [{ content: '' }]
}
