import type { VendorEvent } from '../../../src/providers/translator.ts'
import { data, done, typed, type VendorAnswer } from './answer.ts'

const counted = { input: 22, output: 20 }
const event = (body: object) => typed(body as { type: string })

const google = (candidate: object | undefined, rest: object = {}) => ({
  ...(candidate && { candidates: [candidate] }),
  usageMetadata: { promptTokenCount: 22, candidatesTokenCount: 20, totalTokenCount: 42 },
  ...rest,
})
const says = (text: string, rest: object = {}) => ({ content: { parts: [{ text }], role: 'model' }, ...rest })

/** ai.google.dev and Vertex AI: what one of the two sends and the other does not, and what older models sent. */
const googleMore: readonly VendorAnswer[] = [
  {
    model: 'gemini/gemini-2.5-flash',
    what: 'numbers where words are documented',
    whole: google({ ...says('Hi'), finishReason: 2, index: 0 }),
    stream: [data(google(says('H'))), data(google(says('i', { finishReason: 2 })))],
    heard: { text: 'Hi', ended: 'length', ...counted },
  },
  {
    model: 'gemini/gemini-2.5-flash',
    what: 'candidates without content, and usage alone',
    stream: [
      data(google({ index: 0 })),
      data(google(says('Hi', { index: 0 }))),
      data(google({ content: { role: 'model' }, index: 0 })),
      data(google({ content: {}, finishReason: 'STOP' })),
      data(google(undefined)),
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: 'gemini/gemini-2.5-flash',
    what: 'an end with every piece, as the first models had it',
    vague: true,
    stream: [
      data(google(says('O', { finishReason: 'STOP', index: 0 }))),
      data(google(says('nc', { finishReason: 'STOP', index: 0 }))),
      data(google(says('e', { finishReason: 'STOP', index: 0 }))),
    ],
    heard: { text: 'Once', ...counted },
  },
  {
    model: 'vertex_ai/gemini-2.5-flash',
    what: 'times, versions and traffic beside the words, and a feedback that blocks nothing',
    whole: google(
      { ...says('Hi'), finishReason: 'STOP', avgLogprobs: -0.1, safetyRatings: [] },
      {
        promptFeedback: { safetyRatings: [] },
        createTime: '2026-01-01T00:00:00Z',
        responseId: 'r',
        usageMetadata: {
          ...{ promptTokenCount: 22, candidatesTokenCount: 20, totalTokenCount: 42, trafficType: 'ON_DEMAND' },
          promptTokensDetails: [{ modality: 'TEXT', tokenCount: 22 }],
          candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 20 }],
        },
      },
    ),
    stream: [
      data(google(says('H'), { usageMetadata: { trafficType: 'ON_DEMAND' } })),
      data(google({ ...says('i'), finishReason: 'STOP' })),
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: 'gemini/gemini-2.5-flash-preview-tts',
    what: 'sound',
    whole: google({
      content: { parts: [{ inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data: 'AAAA' } }] },
      finishReason: 'STOP',
    }),
    stream: [
      data(google({ content: { parts: [{ inlineData: { mimeType: 'audio/L16;rate=24000', data: 'AAAA' } }] } })),
      data(google({ content: { parts: [{ inlineData: { mimeType: 'audio/L16;rate=24000', data: 'BBBB' } }] } })),
      data(google({ content: { parts: [] }, finishReason: 'STOP' })),
    ],
    heard: { sound: 'AAAA', ...counted },
    streamed: { sound: 'AAAABBBB' },
  },
  {
    model: 'gemini/gemini-2.5-flash',
    what: 'two answers, and the likelihood of the words of the first',
    whole: {
      candidates: [
        {
          ...says('Hi', { finishReason: 'STOP', index: 0 }),
          logprobsResult: { chosenCandidates: [{ token: 'Hi', logProbability: -0.1 }], topCandidates: [] },
        },
        says('Hello', { finishReason: 'STOP', index: 1 }),
      ],
      usageMetadata: { promptTokenCount: 22, candidatesTokenCount: 20, cachedContentTokenCount: 16 },
    },
    heard: { text: 'Hi', others: ['Hello'], likely: ['Hi'], cached: [16, 0, 0], ...counted },
  },
  {
    model: 'gemini/gemini-3-pro-preview',
    what: 'a call whose id Google gave, and a language that it stops for',
    whole: google({
      content: { parts: [{ functionCall: { id: 'f1', name: 'clock', args: {} }, thoughtSignature: 'Cq==' }] },
      finishReason: 'STOP',
      finishMessage: null,
    }),
    stream: [data(google({ finishReason: 'LANGUAGE', finishMessage: 'Unsupported language.', index: 0 }))],
    heard: { calls: [['clock', {}]], ended: 'calls', ...counted },
    streamed: { calls: [], text: 'Unsupported language.', ended: 'filter' },
  },
]

const begin = (rest: object = {}) =>
  event({
    type: 'message_start',
    message: {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null },
      usage: { input_tokens: 22, output_tokens: 1, ...rest },
    },
  })
const finish = (said: object, usage: object = { output_tokens: 20 }) => [
  event({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null, ...said }, usage }),
  event({ type: 'message_stop' }),
]
const opens = (index: number, content_block: object) => event({ type: 'content_block_start', index, content_block })
const grows = (index: number, delta: object) => event({ type: 'content_block_delta', index, delta })
const stops = (index: number) => event({ type: 'content_block_stop', index })

/** docs.claude.com, Anthropic by way of Google, and servers that copy the Messages API. */
const anthropicMore: readonly VendorAnswer[] = [
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'the sequence that stopped it, and a cache of both lengths',
    whole: {
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude' },
      content: [{ type: 'text', text: 'Hi', citations: null }],
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
      usage: {
        ...{ input_tokens: 10, cache_read_input_tokens: 4, cache_creation_input_tokens: 8, output_tokens: 20 },
        cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 3 },
        service_tier: 'standard',
        inference_geo: 'not_available',
      },
    },
    stream: [
      begin({
        ...{ input_tokens: 10, cache_read_input_tokens: 4, cache_creation_input_tokens: 8 },
        cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 3 },
      }),
      opens(0, { type: 'text', text: '' }),
      grows(0, { type: 'text_delta', text: 'Hi' }),
      stops(0),
      ...finish(
        { stop_reason: 'stop_sequence', stop_sequence: 'END' },
        { ...{ input_tokens: 10, cache_read_input_tokens: 4, cache_creation_input_tokens: 8 }, output_tokens: 20 },
      ),
    ],
    heard: { text: 'Hi', stopped: 'END', cached: [4, 5, 3], ...counted },
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'blocks and deltas that nobody knows, pings in every place, and null counts',
    whole: {
      content: [{ type: 'future_block', data: 1 }, { type: 'text', text: 'Hi' }, null],
      stop_reason: 'future_reason',
      usage: { input_tokens: 22, cache_read_input_tokens: null, cache_creation: null, output_tokens: 20 },
    },
    stream: [
      event({ type: 'ping' }),
      begin({ cache_read_input_tokens: null, cache_creation: null, server_tool_use: null }),
      opens(0, { type: 'future_block', data: 1 }),
      grows(0, { type: 'future_delta', data: 2 }),
      event({ type: 'ping' }),
      stops(0),
      opens(1, { type: 'text', text: 'H' }),
      grows(1, { type: 'future_delta' }),
      grows(1, { type: 'text_delta', text: 'i' }),
      stops(1),
      event({ type: 'future_event' }),
      ...finish({ stop_reason: 'future_reason' }),
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: 'anthropic/MiniMax-M2',
    what: 'blocks that are never closed, and usage only at the end',
    stream: [
      event({ type: 'message_start', message: { id: 'x', role: 'assistant', content: [] } }),
      opens(0, { type: 'thinking', thinking: '' }),
      grows(0, { type: 'thinking_delta', thinking: 'Hm.' }),
      opens(1, { type: 'tool_use', id: 't1', name: 'clock', input: { zone: 'CET' } }),
      ...finish({ stop_reason: 'tool_use' }, { input_tokens: 22, output_tokens: 20 }),
      done,
    ],
    heard: { thought: 'Hm.', calls: [['clock', { zone: 'CET' }]], ended: 'calls', ...counted },
  },
]

const frame = (name: string, body: object): VendorEvent => ({ event: name, data: JSON.stringify(body) })
const nova = 'bedrock/us.amazon.nova-lite-v1:0'
const tokens = { inputTokens: 22, outputTokens: 20, totalTokens: 42 }

/** docs.aws.amazon.com: models that are not Claude, and what Converse adds. */
const bedrockMore: readonly VendorAnswer[] = [
  {
    model: nova,
    what: 'blocks without a beginning, out of a model that calls a tool with no words',
    whole: {
      output: {
        message: { role: 'assistant', content: [{ toolUse: { toolUseId: 't', name: 'clock', input: null } }] },
      },
      stopReason: 'tool_use',
      usage: { ...tokens, serverToolUsage: {} },
      additionalModelResponseFields: null,
      trace: null,
    },
    stream: [
      frame('messageStart', { role: 'assistant', p: 'ab' }),
      frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hi' } }),
      frame('contentBlockStop', { contentBlockIndex: 0 }),
      frame('messageStop', { stopReason: 'end_turn', additionalModelResponseFields: null }),
      frame('metadata', { usage: tokens, metrics: { latencyMs: 1 }, trace: null }),
    ],
    heard: { calls: [['clock', {}]], ended: 'calls', ...counted },
    streamed: { calls: [], text: 'Hi', ended: 'stop' },
  },
  {
    model: 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
    what: 'the sequence that stopped it, and a cache of both lengths',
    whole: {
      output: { message: { role: 'assistant', content: [{ text: 'Hi' }] } },
      stopReason: 'stop_sequence',
      usage: {
        ...{ inputTokens: 10, outputTokens: 20, totalTokens: 42, cacheReadInputTokens: 4, cacheWriteInputTokens: 8 },
        cacheDetails: [
          { ttl: '5m', inputTokens: 5 },
          { ttl: '1h', inputTokens: 3 },
        ],
      },
      additionalModelResponseFields: { stop_sequence: 'END' },
    },
    heard: { text: 'Hi', stopped: 'END', cached: [4, 5, 3], ...counted },
  },
  {
    model: 'bedrock/stability.image',
    what: 'a picture, in pieces where it is streamed',
    whole: {
      output: {
        message: { role: 'assistant', content: [{ image: { format: 'png', source: { bytes: 'iVBORw0KGgo=' } } }] },
      },
      stopReason: 'end_turn',
      usage: tokens,
    },
    stream: [
      frame('messageStart', { role: 'assistant' }),
      frame('contentBlockStart', { contentBlockIndex: 0, start: { image: { format: 'png' } } }),
      frame('contentBlockDelta', { contentBlockIndex: 0, delta: { image: { source: { bytes: 'iVBORw==' } } } }),
      frame('contentBlockDelta', { contentBlockIndex: 0, delta: { image: { source: { bytes: 'DQoaCg==' } } } }),
      frame('contentBlockStop', { contentBlockIndex: 0 }),
      frame('messageStop', { stopReason: 'end_turn' }),
      frame('metadata', { usage: tokens }),
    ],
    heard: { pictures: ['iVBORw0KGgo='], ...counted },
    streamed: { pictures: ['iVBORw0KGgo='] },
  },
]

const line = (body: object): VendorEvent => ({ data: JSON.stringify({ model: 'q', ...body }) })
const over = { done: true, done_reason: 'stop', prompt_eval_count: 22, eval_count: 20 }

/** docs.ollama.com, and older servers. */
const ollamaMore: readonly VendorAnswer[] = [
  {
    model: 'ollama_chat/qwen3',
    what: 'null in every place, and arguments as a text',
    whole: {
      message: {
        ...{ role: 'assistant', content: '', thinking: null, images: null },
        tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Bonn"}' } }],
      },
      ...over,
    },
    stream: [
      line({ message: { role: 'assistant', content: 'H', thinking: null, tool_calls: null }, done: false }),
      line({ message: { content: 'i' }, done: false, done_reason: null }),
      line({ ...over }),
    ],
    heard: { calls: [['weather', { city: 'Bonn' }]], ended: 'calls', ...counted },
    streamed: { calls: [], text: 'Hi', ended: 'stop' },
  },
  {
    model: 'ollama_chat/qwen3',
    what: 'the likelihood of its words, and a picture',
    whole: {
      message: { role: 'assistant', content: 'Hi', images: ['iVBORw0KGgo='] },
      logprobs: [{ token: 'Hi', logprob: -0.1 }],
      ...over,
    },
    stream: [
      line({ message: { content: 'Hi' }, logprobs: [{ token: 'Hi', logprob: -0.1, bytes: [72, 105] }], done: false }),
      line({ message: { content: '', images: ['iVBORw0KGgo='] }, ...over }),
    ],
    heard: { text: 'Hi', likely: ['Hi'], pictures: ['iVBORw0KGgo='], ...counted },
  },
]

const response = (output: readonly object[] | null, rest: object = {}) => ({
  ...{ id: 'resp_1', object: 'response', created_at: 1, status: 'completed', model: 'gpt-5', error: null, output },
  usage: { input_tokens: 22, output_tokens: 20, total_tokens: 42 },
  ...rest,
})
const words = (text: string, annotations: readonly object[] = []) => ({ type: 'output_text', text, annotations })
const message = (...content: object[]) => ({ id: 'm1', type: 'message', role: 'assistant', content })
const source = { type: 'url_citation', start_index: 0, end_index: 2, url: 'https://x.test/a', title: 'A' }
const call = { id: 'f1', type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Bonn"}' }
const other = { id: 'f2', type: 'function_call', call_id: 'c2', name: 'clock', arguments: '{}' }

/** platform.openai.com, and servers that speak Responses beside it (vLLM, Azure, OpenRouter, xAI). */
const responsesMore: readonly VendorAnswer[] = [
  {
    model: 'openai/responses/gpt-5',
    what: 'sources that come only with the whole item, after words that came in pieces',
    stream: [
      event({ type: 'response.created', response: response([], { status: 'in_progress', usage: null }) }),
      event({ type: 'response.output_item.added', output_index: 0, item: message() }),
      event({ type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'm1', delta: 'H' }),
      event({ type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'm1', delta: 'i' }),
      event({ type: 'response.output_item.done', output_index: 0, item: message(words('Hi', [source])) }),
      event({ type: 'response.completed', response: response([message(words('Hi', [source]))]) }),
    ],
    heard: { text: 'Hi', urls: ['https://x.test/a'], ...counted },
  },
  {
    model: 'openai/responses/gpt-5',
    what: 'items that have names but no places',
    stream: [
      event({ type: 'response.created', response: response([], { status: 'in_progress', usage: null }) }),
      event({ type: 'response.output_item.added', item: { ...call, arguments: '' } }),
      event({ type: 'response.function_call_arguments.delta', item_id: 'f1', delta: '{"city":' }),
      event({ type: 'response.output_item.added', item: { ...other, arguments: '' } }),
      event({ type: 'response.function_call_arguments.delta', item_id: 'f1', delta: '"Bonn"}' }),
      event({ type: 'response.function_call_arguments.delta', item_id: 'f2', delta: '{}' }),
      event({ type: 'response.output_item.done', item: call }),
      event({ type: 'response.output_item.done', item: other }),
      event({ type: 'response.completed', response: response([call, other]) }),
    ],
    heard: {
      calls: [
        ['weather', { city: 'Bonn' }],
        ['clock', {}],
      ],
      ended: 'calls',
      ...counted,
    },
  },
  {
    model: 'openai/responses/gpt-5',
    what: 'nothing but the whole, at its end',
    stream: [event({ type: 'response.completed', response: response([message(words('Hi', [source])), call]) })],
    heard: {
      ...{ text: 'Hi', urls: ['https://x.test/a'], calls: [['weather', { city: 'Bonn' }]], ended: 'calls' },
      ...counted,
    },
  },
  {
    model: 'openai/responses/gpt-5',
    what: 'a filter, null in every place, and an output that the last event leaves out',
    whole: response([message(words('H'), { type: 'output_text', text: 'i', annotations: null, logprobs: null })], {
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      created_at: null,
      id: null,
    }),
    stream: [
      event({ type: 'response.created', response: { id: 'r', output: null } }),
      event({ type: 'response.queued', response: { id: 'r', output: null } }),
      event({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'H', logprobs: null }),
      event({ type: 'response.output_text.delta', output_index: 0, content_index: 1, delta: 'i', logprobs: null }),
      event({ type: 'response.future_tool.done', output_index: 1 }),
      event({
        type: 'response.incomplete',
        response: response(null, { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }),
      }),
    ],
    heard: { text: 'Hi', ended: 'filter', ...counted },
  },
  {
    model: 'openai/responses/gpt-5',
    what: 'the likelihood of its words, and what was cached',
    whole: response([message({ ...words('Hi'), logprobs: [{ token: 'Hi', logprob: -0.1, top_logprobs: [] }] })], {
      usage: { input_tokens: 22, input_tokens_details: { cached_tokens: 16 }, output_tokens: 20, total_tokens: 42 },
    }),
    heard: { text: 'Hi', likely: ['Hi'], cached: [16, 0, 0], ...counted },
  },
]

const mused = {
  ...{ id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: null },
  content: [{ type: 'reasoning_text', text: 'Hm.' }],
}
const asked = { id: 'mcpr_1', type: 'mcp_approval_request', server_label: 's', name: 'roll', arguments: '{}' }
const patch = {
  id: 'apc_1',
  type: 'apply_patch_call',
  call_id: 'c',
  status: 'completed',
  operation: { type: 'delete_file' },
}

/** Thoughts that are not summaries, as open models have them, and items that only OpenAI's own clients know. */
const responsesItems: readonly VendorAnswer[] = [
  {
    model: 'openai/responses/gpt-oss-120b',
    what: 'a thought in full, a question for approval, and a patch',
    whole: response([mused, asked, patch, message(words('Hi'))]),
    stream: [
      event({ type: 'response.created', response: response([], { status: 'in_progress', usage: null }) }),
      event({ type: 'response.output_item.added', output_index: 0, item: { ...mused, content: [] } }),
      event({ type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, item_id: 'rs_1', delta: 'H' }),
      event({ type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, item_id: 'rs_1', delta: 'm.' }),
      event({ type: 'response.reasoning_text.done', output_index: 0, content_index: 0, item_id: 'rs_1', text: 'Hm.' }),
      event({ type: 'response.output_item.done', output_index: 0, item: mused }),
      event({ type: 'response.output_item.added', output_index: 1, item: asked }),
      event({ type: 'response.output_item.done', output_index: 1, item: asked }),
      event({ type: 'response.apply_patch_call_operation_diff.delta', output_index: 2, item_id: 'apc_1', delta: '-' }),
      event({ type: 'response.output_item.done', output_index: 2, item: patch }),
      event({ type: 'response.output_item.done', output_index: 3, item: message(words('Hi')) }),
      event({ type: 'response.completed', response: response([mused, asked, patch, message(words('Hi'))]) }),
    ],
    heard: { thought: 'Hm.', text: 'Hi', ...counted },
  },
  {
    model: 'openai/responses/gpt-5',
    what: 'a text whose pieces were never sent, and an item that comes twice',
    stream: [
      event({ type: 'response.output_item.done', output_index: 0, item: message(words('Hi', [source])) }),
      event({ type: 'response.output_item.done', output_index: 0, item: message(words('Hi', [source])) }),
      event({ type: 'response.completed', response: response([message(words('Hi', [source]))]) }),
    ],
    heard: { text: 'Hi', urls: ['https://x.test/a'], ...counted },
  },
]

export const moreAnswers: readonly VendorAnswer[] = [
  ...googleMore,
  ...anthropicMore,
  ...bedrockMore,
  ...ollamaMore,
  ...responsesMore,
  ...responsesItems,
]
