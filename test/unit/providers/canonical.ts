import fc from 'fast-check'
import type { ChatRequest } from '../../../src/dialects/chat.ts'

const loose = fc.jsonValue({ maxDepth: 2 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const word = fc.constantFrom('', 'a', 'call_1', 'weather', 'data:image/png;base64,AA==', 'https://x.test/a.png')
const part = fc.record(
  {
    type: fc.constantFrom('text', 'image_url', 'file', 'input_audio', 'video_url', 'refusal', 'thinking', 'odd'),
    text: fc.oneof(word, loose),
    image_url: fc.oneof(word, fc.record({ url: word })),
    file: fc.oneof(loose, fc.record({ file_data: word, filename: word }, { requiredKeys: [] })),
    input_audio: fc.oneof(loose, fc.record({ data: word, format: word })),
    cache_control: fc.constantFrom({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '1h' }, null),
  },
  { requiredKeys: ['type'] },
)
const call = fc.record({
  id: word,
  type: fc.constant('function'),
  function: fc.record({ name: word, arguments: word }),
})
const message = fc.record(
  {
    role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'function', 'odd'),
    content: fc.oneof(fc.constant(null), word, fc.array(part, { maxLength: 3 })),
    tool_calls: fc.oneof(fc.array(call, { maxLength: 2 }), loose),
    tool_call_id: fc.oneof(word, loose),
    thinking_blocks: fc.oneof(
      fc.array(fc.record({ type: fc.constantFrom('thinking', 'redacted_thinking'), thinking: word, data: word }), {
        maxLength: 2,
      }),
      loose,
    ),
    reasoning_content: maybe(word),
  },
  { requiredKeys: ['role', 'content'] },
)

/** Requests as a dialect could hand them on, from plain to absurd. */
export const canonical: fc.Arbitrary<ChatRequest> = fc
  .record(
    {
      messages: fc.array(message, { minLength: 1, maxLength: 5 }),
      stream: fc.boolean(),
      max_tokens: fc.option(fc.nat(10_000)),
      temperature: fc.oneof(fc.double(), loose),
      stop: fc.oneof(word, fc.array(word), loose),
      n: fc.option(fc.integer({ min: 1, max: 3 })),
      tools: fc.oneof(fc.array(fc.oneof(fc.record({ type: word, function: fc.record({ name: word }) }), loose)), loose),
      tool_choice: fc.oneof(fc.constantFrom('auto', 'none', 'required'), loose),
      response_format: fc.oneof(fc.record({ type: fc.constantFrom('json_schema', 'json_object', 'text') }), loose),
      reasoning_effort: fc.oneof(fc.constantFrom('none', 'minimal', 'low', 'high', 'odd'), loose),
      thinking: fc.oneof(fc.record({ type: fc.constantFrom('enabled', 'disabled', 'adaptive') }), loose),
      parallel_tool_calls: fc.oneof(fc.boolean(), loose),
      service_tier: fc.oneof(word, loose),
      logprobs: loose,
      seed: loose,
      odd_field: loose,
    },
    { requiredKeys: ['messages'] },
  )
  .map((fields) => ({ model: 'group', ...fields }) as ChatRequest)
