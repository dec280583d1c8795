import type { VendorEvent } from '../../../src/providers/translator.ts'
import type { VendorAnswer } from './answer.ts'

const counted = { input: 22, output: 20, cached: [7, 5, 0] as const }
const usage = { inputTokens: 10, outputTokens: 20, totalTokens: 42, cacheReadInputTokens: 7, cacheWriteInputTokens: 5 }
const answer = (content: readonly object[], rest: object = {}) => ({
  output: { message: { role: 'assistant', content } },
  stopReason: 'end_turn',
  usage,
  metrics: { latencyMs: 100 },
  ...rest,
})
const named = (event: string, body: object): VendorEvent => ({ event, data: JSON.stringify({ ...body, p: 'abcd' }) })
const block = (contentBlockIndex: number, deltas: readonly object[], start?: object) => [
  ...(start ? [named('contentBlockStart', { contentBlockIndex, start })] : []),
  ...deltas.map((delta) => named('contentBlockDelta', { contentBlockIndex, delta })),
  named('contentBlockStop', { contentBlockIndex }),
]
const streamOf = (blocks: readonly VendorEvent[], stopReason = 'end_turn', rest: object = {}) => [
  named('messageStart', { role: 'assistant' }),
  ...blocks,
  named('messageStop', { stopReason }),
  named('metadata', { usage, metrics: { latencyMs: 100 }, ...rest }),
]
const model = 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0'
const citation = {
  title: 'Report',
  source: 'https://x.test/report',
  sourceContent: [{ text: 'The sky is blue.' }],
  location: { web: { url: 'https://x.test/report', domain: 'x.test' } },
}
const trace = { guardrail: { inputAssessment: { g1: { topicPolicy: { topics: [] } } } } }

/** docs.aws.amazon.com: Converse, ConverseStream, ContentBlock, TokenUsage. */
export const bedrockAnswers: readonly VendorAnswer[] = [
  {
    model,
    what: 'a signed thought, a sealed one, and two calls',
    whole: answer(
      [
        { reasoningContent: { reasoningText: { text: 'Two tools.', signature: 'EqQBCgIYAhIM==' } } },
        { reasoningContent: { redactedContent: 'c2VhbGVk' } },
        { toolUse: { toolUseId: 'tooluse_1', name: 'weather', input: { city: 'Bonn' } } },
        { toolUse: { toolUseId: 'tooluse_2', name: 'clock', input: {} } },
      ],
      { stopReason: 'tool_use' },
    ),
    stream: streamOf(
      [
        ...block(0, [
          { reasoningContent: { text: 'Two ' } },
          { reasoningContent: { text: 'tools.' } },
          { reasoningContent: { signature: 'EqQBCgIYAhIM==' } },
        ]),
        ...block(1, [{ reasoningContent: { redactedContent: 'c2VhbGVk' } }]),
        ...block(2, [{ toolUse: { input: '{"city":' } }, { toolUse: { input: '"Bonn"}' } }], {
          toolUse: { toolUseId: 'tooluse_1', name: 'weather' },
        }),
        ...block(3, [{ toolUse: { input: '' } }], { toolUse: { toolUseId: 'tooluse_2', name: 'clock' } }),
      ],
      'tool_use',
    ),
    heard: {
      thought: 'Two tools.',
      calls: [
        ['weather', { city: 'Bonn' }],
        ['clock', {}],
      ],
      ended: 'calls',
      ...counted,
    },
  },
  {
    model,
    what: 'words with their source',
    whole: answer([{ citationsContent: { content: [{ text: 'Blue' }], citations: [citation] } }, { text: '.' }]),
    stream: streamOf([...block(0, [{ text: 'Blue' }, { citation }]), ...block(1, [{ text: '.' }])]),
    heard: { text: 'Blue.', urls: ['https://x.test/report'], ...counted },
  },
  {
    model,
    what: 'the words of a guardrail',
    whole: answer([{ text: 'Sorry, no.' }], { stopReason: 'guardrail_intervened', trace }),
    stream: streamOf(block(0, [{ text: 'Sorry, no.' }]), 'guardrail_intervened', { trace }),
    heard: { text: 'Sorry, no.', ended: 'filter', ...counted },
  },
  {
    model: 'bedrock/us.amazon.nova-2-lite-v1:0',
    what: 'a tool that ran at the vendor',
    whole: answer([
      { toolUse: { toolUseId: 't1', name: 'nova_grounding', type: 'server_tool_use', input: { query: 'a' } } },
      { toolResult: { toolUseId: 't1', content: [{ json: { ok: true } }], type: 'nova_grounding_result' } },
      { text: 'Found.' },
    ]),
    heard: { text: 'Found.', ...counted },
  },
  {
    model,
    what: 'a length, and blocks that nobody knows',
    whole: answer([{ text: 'So' }, { futureBlock: { a: 1 } }, { SDK_UNKNOWN_MEMBER: { name: 'x' } }], {
      stopReason: 'max_tokens',
      performanceConfig: { latency: 'standard' },
    }),
    stream: streamOf([...block(0, [{ text: 'So' }]), named('futureEvent', { a: 1 })], 'max_tokens'),
    heard: { text: 'So', ended: 'length', ...counted },
  },
]

const line = (body: object): VendorEvent => ({
  data: JSON.stringify({ model: 'qwen3', created_at: '2026-01-01T00:00:00Z', ...body }),
})
const ended = {
  done: true,
  done_reason: 'stop',
  total_duration: 5,
  load_duration: 1,
  prompt_eval_count: 22,
  eval_count: 20,
}

/** docs.ollama.com: chat, thinking, tool calling. */
export const ollamaAnswers: readonly VendorAnswer[] = [
  {
    model: 'ollama/qwen3',
    what: 'a thought and calls',
    whole: {
      model: 'qwen3',
      created_at: '2026-01-01T00:00:00Z',
      message: {
        role: 'assistant',
        content: '',
        thinking: 'Two tools.',
        tool_calls: [
          { function: { index: 0, name: 'weather', arguments: { city: 'Bonn' } } },
          { function: { index: 1, name: 'clock', arguments: {} } },
        ],
      },
      ...ended,
    },
    stream: [
      line({ message: { role: 'assistant', content: '', thinking: 'Two ' }, done: false }),
      line({ message: { role: 'assistant', content: '', thinking: 'tools.' }, done: false }),
      line({
        message: {
          role: 'assistant',
          content: '',
          tool_calls: [{ function: { index: 0, name: 'weather', arguments: { city: 'Bonn' } } }],
        },
        done: false,
      }),
      line({
        message: {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'call_x', function: { name: 'clock', arguments: null } }],
        },
        done: false,
      }),
      line({ message: { role: 'assistant', content: '' }, ...ended }),
    ],
    heard: {
      thought: 'Two tools.',
      calls: [
        ['weather', { city: 'Bonn' }],
        ['clock', {}],
      ],
      ended: 'calls',
      input: 22,
      output: 20,
    },
  },
  {
    model: 'ollama/llama3.2',
    what: 'words up to a length',
    stream: [
      line({ message: { role: 'assistant', content: 'On ' }, done: false }),
      line({ message: { role: 'assistant', content: 'and on' }, done: false }),
      line({ message: { role: 'assistant', content: '' }, ...ended, done_reason: 'length' }),
    ],
    heard: { text: 'On and on', ended: 'length', input: 22, output: 20 },
  },
]
