import { data, done, type VendorAnswer } from './answer.ts'

const usage = { prompt_tokens: 22, completion_tokens: 20, total_tokens: 42 }
const counted = { input: 22, output: 20 }
const whole = (message: object, rest: object = {}, choice: object = {}) => ({
  id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
  object: 'chat.completion',
  created: 1741569952,
  model: 'gpt-5',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: null, ...message },
      logprobs: null,
      finish_reason: 'stop',
      ...choice,
    },
  ],
  usage,
  ...rest,
})
const chunk = (delta: object, rest: object = {}, choice: object = {}) =>
  data({
    id: 'chatcmpl-123',
    object: 'chat.completion.chunk',
    created: 1694268190,
    model: 'gpt-5',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...choice }],
    ...rest,
  })
const last = (finish_reason: string, rest: object = {}) => chunk({}, rest, { finish_reason })
const totals = (rest: object = {}) =>
  data({ id: 'chatcmpl-123', created: 1694268190, model: 'gpt-5', choices: [], usage, ...rest })
const source = {
  type: 'url_citation',
  url_citation: { url: 'https://x.test/news', title: 'News', start_index: 0, end_index: 5 },
}

/** platform.openai.com: chat completions and their streams; the references of those who speak it in an accent. */
export const openaiAnswers: readonly VendorAnswer[] = [
  {
    model: 'openai/gpt-4o-search-preview',
    what: 'words with their source',
    whole: whole({ content: 'Today it rains.', refusal: null, annotations: [source] }),
    stream: [
      chunk({ role: 'assistant', content: '', refusal: null }),
      chunk({ content: 'Today it rains.' }),
      chunk({ annotations: [source] }),
      last('stop'),
      totals(),
      done,
    ],
    heard: { text: 'Today it rains.', urls: ['https://x.test/news'], ...counted },
  },
  {
    model: 'openai/gpt-4o',
    what: 'a refusal',
    whole: whole({ refusal: "I'm sorry, I cannot assist with that request." }),
    stream: [
      chunk({ role: 'assistant', content: null, refusal: '' }),
      chunk({ refusal: "I'm sorry, I cannot" }),
      chunk({ refusal: ' assist with that request.' }),
      last('stop'),
      totals(),
      done,
    ],
    heard: { text: "I'm sorry, I cannot assist with that request.", ...counted },
    refused: true,
  },
  {
    model: 'openai/gpt-4o-audio-preview',
    what: 'speech with its words',
    whole: whole({
      audio: { id: 'audio_abc', expires_at: 1729018505, data: 'UklGRg==', transcript: 'Yes, they are.' },
    }),
    stream: [
      chunk({ role: 'assistant', refusal: null, audio: { id: 'audio_abc', transcript: 'Yes' } }),
      chunk({ audio: { id: 'audio_abc', transcript: ', they are.' } }),
      chunk({ audio: { id: 'audio_abc', data: 'UklGRg==' } }),
      chunk({ audio: { id: 'audio_abc', expires_at: 1729018505 } }),
      last('stop'),
      totals(),
      done,
    ],
    heard: { text: 'Yes, they are.', sound: 'UklGRg==', ...counted },
  },
  {
    model: 'openai/gpt-5',
    what: 'a tier, noise against lengths, and a length',
    whole: whole(
      { content: 'Once' },
      { service_tier: 'flex', system_fingerprint: 'fp_1' },
      { finish_reason: 'length' },
    ),
    stream: [
      chunk({ role: 'assistant', content: '' }, { service_tier: 'flex', obfuscation: 'x8Fs', usage: null }),
      chunk({ content: 'Once' }, { obfuscation: '9a', usage: null }),
      last('length', { usage: null }),
      totals({ obfuscation: '' }),
      done,
    ],
    heard: { text: 'Once', ended: 'length', ...counted },
  },
  {
    model: 'openai/gpt-5',
    what: 'a call of a custom tool',
    whole: whole(
      { tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'sql', input: 'select 1' } }] },
      {},
      { finish_reason: 'tool_calls' },
    ),
    heard: { calls: [['sql', 'select 1']], ended: 'calls', ...counted },
  },
  {
    model: 'azure/gpt-4o',
    what: 'filters around the words',
    whole: whole(
      { content: 'Hello' },
      {
        prompt_filter_results: [
          { prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } },
        ],
      },
      { content_filter_results: { hate: { filtered: false, severity: 'safe' } } },
    ),
    stream: [
      data({ choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: [{ prompt_index: 0 }] }),
      chunk({ role: 'assistant', content: '' }, {}, { content_filter_results: {} }),
      chunk({ content: 'Hello' }, {}, { content_filter_results: { hate: { filtered: false } } }),
      data({
        id: '',
        object: '',
        created: 0,
        model: '',
        choices: [
          {
            index: 0,
            finish_reason: null,
            content_filter_results: { hate: { filtered: false } },
            content_filter_offsets: { check_offset: 44, start_offset: 44, end_offset: 198 },
          },
        ],
      }),
      last('stop'),
      totals(),
      done,
    ],
    heard: { text: 'Hello', ...counted },
  },
  {
    model: 'mistral/magistral-medium-latest',
    what: 'thoughts and references as parts',
    whole: whole({
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }], closed: true },
        { type: 'text', text: 'Four' },
        { type: 'reference', reference_ids: [1, 2] },
        { type: 'text', text: '.' },
      ],
    }),
    stream: [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }] }),
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: '.' }], closed: true }] }),
      chunk({ content: 'Four' }),
      chunk({ content: [{ type: 'reference', reference_ids: [1, 2] }] }),
      chunk({ content: '.' }),
      last('stop', { usage }),
      done,
    ],
    heard: { thought: 'Hm.', text: 'Four.', ...counted },
  },
  {
    model: 'deepseek/deepseek-reasoner',
    what: 'thoughts before words, and hits of its cache',
    whole: whole(
      { content: '9.8', reasoning_content: 'Compare.' },
      {
        usage: {
          ...usage,
          prompt_cache_hit_tokens: 16,
          prompt_cache_miss_tokens: 6,
          completion_tokens_details: { reasoning_tokens: 8 },
        },
      },
    ),
    stream: [
      chunk({ role: 'assistant', content: null, reasoning_content: '' }),
      chunk({ content: null, reasoning_content: 'Compare.' }),
      chunk({ content: '9.8', reasoning_content: null }),
      chunk(
        { content: '', reasoning_content: null },
        { usage: { ...usage, prompt_cache_hit_tokens: 16, prompt_cache_miss_tokens: 6 } },
        { finish_reason: 'stop' },
      ),
      done,
    ],
    heard: { thought: 'Compare.', text: '9.8', cached: [16, 0, 0], ...counted },
  },
  {
    model: 'groq/openai/gpt-oss-120b',
    what: 'reasoning by its name, and usage in a corner',
    whole: whole(
      { content: 'Blue', reasoning: 'Sky.' },
      { x_groq: { id: 'req_1' }, usage: { ...usage, queue_time: 0.1 } },
    ),
    stream: [
      chunk({ role: 'assistant', content: '' }, { x_groq: { id: 'req_1' } }),
      chunk({ reasoning: 'Sky.', channel: 'analysis' }),
      chunk({ content: 'Blue' }),
      last('stop', { x_groq: { id: 'req_1', usage: { ...usage, total_time: 0.3 } } }),
      done,
    ],
    heard: { thought: 'Sky.', text: 'Blue', ...counted },
  },
  {
    model: 'openrouter/anthropic/claude-sonnet-4.5',
    what: 'details of its reasoning, and a comment of its own',
    whole: whole(
      {
        content: 'Yes',
        reasoning: 'Sure.',
        reasoning_details: [
          {
            type: 'reasoning.text',
            text: 'Sure.',
            signature: 'sig==',
            id: 'r1',
            format: 'anthropic-claude-v1',
            index: 0,
          },
        ],
      },
      { provider: 'Anthropic', usage: { ...usage, cost: 0.001, is_byok: false } },
      { native_finish_reason: 'end_turn' },
    ),
    stream: [
      chunk({
        role: 'assistant',
        content: '',
        reasoning: 'Sure.',
        reasoning_details: [{ type: 'reasoning.text', text: 'Sure.', format: 'anthropic-claude-v1', index: 0 }],
      }),
      chunk({
        content: '',
        reasoning: null,
        reasoning_details: [{ type: 'reasoning.text', signature: 'sig==', format: 'anthropic-claude-v1', index: 0 }],
      }),
      chunk({ role: 'assistant', content: 'Yes', reasoning: null, reasoning_details: [] }),
      chunk({ role: 'assistant', content: '' }, {}, { finish_reason: 'stop', native_finish_reason: 'end_turn' }),
      data({
        id: 'gen-1',
        choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
        usage,
      }),
      done,
    ],
    heard: { thought: 'Sure.', text: 'Yes', ...counted },
  },
  {
    model: 'perplexity/sonar-pro',
    what: 'sources beside the answer, and the message so far in every event',
    whole: whole(
      { content: 'It rains [1].' },
      {
        citations: ['https://x.test/rain'],
        search_results: [
          { title: 'Rain', url: 'https://x.test/rain', date: '2026-01-02', last_updated: null, snippet: '' },
        ],
        usage: { ...usage, search_context_size: 'low', cost: { total_cost: 0.006 } },
      },
    ),
    stream: [
      chunk(
        { role: 'assistant', content: 'It rains' },
        { citations: ['https://x.test/rain'], usage, object: 'chat.completion.chunk' },
        { message: { role: 'assistant', content: 'It rains' } },
      ),
      chunk(
        { role: 'assistant', content: ' [1].' },
        { citations: ['https://x.test/rain'], usage, object: 'chat.completion.done' },
        { message: { role: 'assistant', content: 'It rains [1].' }, finish_reason: 'stop' },
      ),
    ],
    heard: { text: 'It rains [1].', urls: ['https://x.test/rain'], ...counted },
  },
  {
    model: 'cerebras/gpt-oss-120b',
    what: 'how long it took',
    whole: whole({ content: 'Fast', reasoning: 'Go.' }, { time_info: { queue_time: 0.1, completion_time: 0.2 } }),
    stream: [
      chunk({ role: 'assistant' }),
      chunk({ reasoning: 'Go.' }),
      chunk({ content: 'Fast' }),
      last('stop', { usage, time_info: { queue_time: 0.1, total_time: 0.2 } }),
      done,
    ],
    heard: { thought: 'Go.', text: 'Fast', ...counted },
  },
  {
    model: 'xai/grok-4',
    what: 'reasoning beside the completion, and sources at the end',
    whole: whole(
      { content: 'News.', reasoning_content: 'Look.' },
      {
        citations: ['https://x.test/a'],
        usage: {
          prompt_tokens: 22,
          completion_tokens: 12,
          total_tokens: 42,
          completion_tokens_details: { reasoning_tokens: 8 },
          num_sources_used: 1,
        },
      },
    ),
    heard: { thought: 'Look.', text: 'News.', urls: ['https://x.test/a'], ...counted },
  },
  {
    model: 'together_ai/Qwen/Qwen3',
    what: 'an end by its own word',
    whole: whole({ content: 'Hi', tool_calls: [] }, { prompt: [] }, { finish_reason: 'eos', seed: 17 }),
    heard: { text: 'Hi', ...counted },
  },
  {
    model: 'hosted_vllm/qwen3',
    what: 'its reasoning, and calls that end as a turn',
    whole: whole(
      {
        reasoning_content: 'Call.',
        tool_calls: [{ id: 'chatcmpl-tool-1', type: 'function', function: { name: 'clock', arguments: '{}' } }],
      },
      { prompt_logprobs: null, kv_transfer_params: null },
      { stop_reason: 151645, token_ids: null },
    ),
    stream: [
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'Call.' }),
      chunk({ tool_calls: [{ id: 'chatcmpl-tool-1', type: 'function', index: 0, function: { name: 'clock' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '}' } }] }),
      chunk({ content: '' }, {}, { finish_reason: 'stop', stop_reason: null }),
      totals(),
      done,
    ],
    heard: { thought: 'Call.', calls: [['clock', {}]], ended: 'calls', ...counted },
  },
  {
    model: 'huggingface/tgi',
    what: 'arguments as an object, and an end by token',
    whole: whole(
      {
        tool_calls: [
          { id: '0', type: 'function', function: { description: null, name: 'weather', arguments: { city: 'Bonn' } } },
        ],
      },
      {},
      { finish_reason: 'eos_token' },
    ),
    stream: [
      chunk({
        role: 'assistant',
        tool_calls: [{ index: 0, id: '', type: 'function', function: { name: 'weather', arguments: '' } }],
      }),
      chunk({
        role: 'assistant',
        tool_calls: [{ index: 0, id: '', type: 'function', function: { name: null, arguments: '{"city":"Bo' } }],
      }),
      chunk({
        role: 'assistant',
        tool_calls: [{ index: 0, id: '', type: 'function', function: { name: null, arguments: 'nn"}' } }],
      }),
      last('eos_token', { usage: null }),
      totals(),
      done,
    ],
    heard: { calls: [['weather', { city: 'Bonn' }]], ended: 'calls', ...counted },
  },
  {
    model: 'fireworks_ai/deepseek-v3',
    what: 'calls side by side, and usage with the end',
    stream: [
      chunk({ role: 'assistant' }),
      chunk({ tool_calls: [{ index: 0, id: 'call_a', type: 'function', function: { name: 'weather' } }] }),
      chunk({ tool_calls: [{ index: 1, id: 'call_b', type: 'function', function: { name: 'clock' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
      chunk({ tool_calls: [{ index: 1, function: { arguments: '{"zone":"CET"}' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"Bonn"}' } }] }),
      last('tool_calls', { usage }),
      done,
    ],
    heard: {
      calls: [
        ['weather', { city: 'Bonn' }],
        ['clock', { zone: 'CET' }],
      ],
      ended: 'calls',
      ...counted,
    },
  },
]
