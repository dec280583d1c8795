import { data, done, type VendorAnswer } from './answer.ts'

const usage = { prompt_tokens: 22, completion_tokens: 20, total_tokens: 42 }
const counted = { input: 22, output: 20 }
const choice = (delta: unknown, rest: object = {}) => ({ index: 0, delta, finish_reason: null, ...rest })
const chunk = (delta: unknown, rest: object = {}, top: object = {}) =>
  data({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [choice(delta, rest)], ...top })
const bare = (top: object) => data({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', ...top })
const end = (finish_reason: string | null = 'stop', top: object = {}) => chunk({}, { finish_reason }, top)
const whole = (message: object, rest: object = {}, top: object = {}) => ({
  id: 'c',
  choices: [{ index: 0, message, finish_reason: 'stop', ...rest }],
  usage,
  ...top,
})
const piece = (call: object) => chunk({ tool_calls: [call] })
const weather = { calls: [['weather', { city: 'Bonn' }]], ended: 'calls', ...counted } as const
const both = {
  calls: [
    ['weather', { city: 'Bonn' }],
    ['clock', { zone: 'CET' }],
  ],
  ended: 'calls',
  ...counted,
} as const
const CITY = '{"city":"Bonn"}'
const ZONE = '{"zone":"CET"}'
const anyone = 'openai/some-model'

/** What servers that speak OpenAI's chat are reported to do otherwise: their documents, and issues of those who met it. */
export const accents: readonly VendorAnswer[] = [
  {
    model: anyone,
    what: 'fields in another order, and null in every place',
    whole: {
      usage: { ...usage, prompt_tokens_details: null, completion_tokens_details: null },
      choices: [
        {
          logprobs: null,
          finish_reason: 'stop',
          message: {
            ...{ tool_calls: null, function_call: null, audio: null, annotations: null, refusal: null },
            ...{ reasoning_content: null, images: null, content: 'Hi', role: 'assistant' },
          },
          index: 0,
        },
      ],
      system_fingerprint: null,
      service_tier: null,
      object: 'chat.completion',
      model: null,
      created: null,
      id: null,
    },
    stream: [
      bare({ usage: null, choices: null }),
      data({
        usage: null,
        choices: [
          {
            finish_reason: null,
            logprobs: null,
            delta: {
              ...{ tool_calls: null, function_call: null, refusal: null, reasoning_content: null },
              ...{ audio: null, annotations: null, content: 'Hi', role: 'assistant' },
            },
            index: 0,
          },
        ],
        model: null,
        id: null,
      }),
      chunk(null, { finish_reason: 'stop', logprobs: null, stop_reason: null }, { usage: null }),
      bare({ choices: [], usage: { ...usage, prompt_tokens_details: null } }),
      done,
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: anyone,
    what: 'no ids, no objects, no indexes',
    whole: { choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }], usage },
    stream: [
      data({ choices: [{ delta: { content: 'H' } }] }),
      data({ choices: [{ delta: { content: 'i' } }] }),
      data({ choices: [{ delta: {}, finish_reason: 'stop' }] }),
      data({ usage }),
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: 'azure/gpt-4o',
    what: 'empty choices first, usage so far on every chunk, the role again and again',
    stream: [
      bare({ choices: [], prompt_filter_results: [] }),
      chunk({ role: 'assistant', content: '' }, {}, { usage: { ...usage, completion_tokens: 0, total_tokens: 22 } }),
      chunk({ role: 'assistant', content: 'H' }, {}, { usage: { ...usage, completion_tokens: 9, total_tokens: 31 } }),
      chunk({}, {}, { usage: { ...usage, completion_tokens: 15, total_tokens: 37 } }),
      chunk({ role: 'assistant', content: 'i' }, {}, { usage }),
      end('stop', { usage }),
      done,
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: anyone,
    what: 'a message with calls and content null, arguments as an object',
    whole: whole(
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: { city: 'Bonn' } } }],
      },
      { finish_reason: 'tool_calls' },
    ),
    stream: [
      piece({ index: 0, id: 'a', type: 'function', function: { name: 'weather', arguments: { city: 'Bonn' } } }),
      end('tool_calls', { usage }),
      done,
    ],
    heard: weather,
  },
  {
    model: anyone,
    what: 'calls without indexes, told apart by their ids',
    stream: [
      piece({ id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":' } }),
      piece({ id: 'a', function: { arguments: '"Bonn"}' } }),
      piece({ id: 'b', type: 'function', function: { name: 'clock', arguments: ZONE } }),
      end('tool_calls', { usage }),
      done,
    ],
    heard: both,
  },
  {
    model: anyone,
    what: 'calls that all claim the first place',
    stream: [
      piece({ index: 0, id: 'a', type: 'function', function: { name: 'weather', arguments: CITY } }),
      piece({ index: 0, id: 'b', type: 'function', function: { name: 'clock', arguments: ZONE } }),
      end('stop', { usage }),
      done,
    ],
    heard: both,
  },
  {
    model: anyone,
    what: 'calls that have neither ids nor indexes nor types',
    stream: [
      piece({ function: { name: 'weather', arguments: CITY } }),
      piece({ function: { name: 'clock', arguments: ZONE } }),
      end('tool_calls', { usage }),
      done,
    ],
    heard: both,
  },
  {
    model: anyone,
    what: 'calls whose pieces repeat id, type and name, or have them empty',
    stream: [
      piece({ index: 0, id: 'a', type: 'function', function: { name: 'weather', arguments: '' } }),
      piece({ index: 0, id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":' } }),
      piece({ index: 0, id: '', type: '', function: { name: '', arguments: '"Bonn"}' } }),
      piece({ index: 0, id: null, type: null, function: { name: null, arguments: null } }),
      end('tool_calls', { usage }),
      done,
    ],
    heard: weather,
  },
  {
    model: anyone,
    what: 'calls that begin at the second place',
    stream: [
      piece({ index: 1, id: 'a', type: 'function', function: { name: 'weather', arguments: CITY } }),
      piece({ index: 2, id: 'b', type: 'function', function: { name: 'clock', arguments: ZONE } }),
      end('tool_calls', { usage }),
      done,
    ],
    heard: both,
  },
  {
    model: anyone,
    what: 'a name in pieces, and one that is the beginning of another',
    stream: [
      piece({ index: 0, id: 'a', type: 'function', function: { name: 'wea' } }),
      piece({ index: 0, function: { name: 'ther' } }),
      piece({ index: 0, function: { name: '_week' } }),
      piece({ index: 0, function: { arguments: CITY } }),
      piece({ index: 1, id: 'b', type: 'function', function: { name: 'weather', arguments: '' } }),
      end('tool_calls', { usage }),
      done,
    ],
    heard: {
      calls: [
        ['weather_week', { city: 'Bonn' }],
        ['weather', {}],
      ],
      ended: 'calls',
      ...counted,
    },
  },
  {
    model: anyone,
    what: 'arguments before the name',
    stream: [
      piece({ index: 0, id: 'a', type: 'function', function: { arguments: '{"city":' } }),
      piece({ index: 0, function: { arguments: '"Bonn"}', name: 'weather' } }),
      end('tool_calls', { usage }),
      done,
    ],
    heard: weather,
  },
  {
    model: anyone,
    what: 'two calls of one tool without arguments, both in one delta',
    stream: [
      chunk({
        tool_calls: [
          { index: 0, id: 'a', type: 'function', function: { name: 'clock' } },
          { index: 1, id: 'b', type: 'function', function: { name: 'clock', arguments: '' } },
        ],
      }),
      end('tool_calls', { usage }),
      done,
    ],
    heard: {
      calls: [
        ['clock', {}],
        ['clock', {}],
      ],
      ended: 'calls',
      ...counted,
    },
  },
  {
    model: anyone,
    what: 'a function call of the elder kind',
    whole: whole(
      { role: 'assistant', content: null, function_call: { name: 'weather', arguments: CITY } },
      { finish_reason: 'function_call' },
    ),
    stream: [
      chunk({ role: 'assistant', content: null, function_call: { name: 'weather', arguments: '' } }),
      chunk({ function_call: { arguments: '{"city":' } }),
      chunk({ function_call: { arguments: '"Bonn"}' } }),
      end('function_call', { usage }),
      done,
    ],
    heard: weather,
  },
  ...(['reasoning', 'reasoning_content', 'thinking', 'reasoning_text'] as const).map(
    (name): VendorAnswer => ({
      model: anyone,
      what: `thoughts as ${name}`,
      whole: whole({ role: 'assistant', content: 'Hi', [name]: 'Hm. So.' }),
      stream: [
        chunk({ role: 'assistant', [name]: 'Hm.' }),
        chunk({ [name]: ' So.', content: null }),
        chunk({ [name]: null, content: 'Hi' }),
        end('stop', { usage }),
        done,
      ],
      heard: { thought: 'Hm. So.', text: 'Hi', ...counted },
    }),
  ),
  {
    model: anyone,
    what: 'both names of a thought, with the same words',
    whole: whole({ role: 'assistant', content: 'Hi', reasoning: 'Hm.', reasoning_content: 'Hm.' }),
    stream: [
      chunk({ role: 'assistant', reasoning: 'Hm.', reasoning_content: 'Hm.' }),
      chunk({ content: 'Hi' }),
      end('stop', { usage }),
      done,
    ],
    heard: { thought: 'Hm.', text: 'Hi', ...counted },
  },
  {
    model: 'mistral/mistral-large-latest',
    what: 'parts in which a text has null beside it',
    whole: whole({
      role: 'assistant',
      content: [{ type: 'text', text: 'H', reference_ids: null }, null, { type: 'text', text: 'i' }],
      tool_calls: null,
    }),
    heard: { text: 'Hi', ...counted },
  },
  {
    model: 'hosted_vllm/qwen3',
    what: 'the sequence that stopped it',
    whole: whole({ role: 'assistant', content: 'Hi' }, { stop_reason: 'END' }),
    stream: [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hi' }),
      chunk({ content: '' }, { finish_reason: 'stop', stop_reason: 'END' }, { usage }),
      done,
    ],
    heard: { text: 'Hi', stopped: 'END', ...counted },
  },
  {
    model: 'hosted_vllm/qwen3',
    what: 'an end without a reason, and usage behind it',
    vague: true,
    stream: [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hi' }),
      chunk({ content: '' }, { finish_reason: null }),
      bare({ choices: [], usage }),
      done,
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: 'openai/gpt-5',
    what: 'the likelihood of its words, and two answers',
    whole: {
      id: 'c',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hi', refusal: null },
          logprobs: { content: [{ token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs: [] }], refusal: null },
          finish_reason: 'stop',
        },
        { index: 1, message: { role: 'assistant', content: 'Hello' }, logprobs: null, finish_reason: 'stop' },
      ],
      usage,
    },
    stream: [
      chunk({ role: 'assistant', content: '' }),
      data({ id: 'c', choices: [{ index: 1, delta: { role: 'assistant', content: 'Hel' }, finish_reason: null }] }),
      chunk({ content: 'Hi' }, { logprobs: { content: [{ token: 'Hi', logprob: -0.1, bytes: null }] } }),
      data({ id: 'c', choices: [{ index: 1, delta: { content: 'lo' }, finish_reason: null }] }),
      end(),
      data({ id: 'c', choices: [{ index: 1, delta: {}, finish_reason: 'stop' }] }),
      bare({ choices: [], usage }),
      done,
    ],
    heard: { text: 'Hi', likely: ['Hi'], others: ['Hello'], ...counted },
  },
  {
    model: 'openrouter/google/gemini-2.5-flash-image',
    what: 'a picture beside the words',
    whole: whole({
      role: 'assistant',
      content: 'Here.',
      images: [{ type: 'image_url', index: 0, image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
    }),
    stream: [
      chunk({ role: 'assistant', content: 'Here.' }),
      chunk({
        role: 'assistant',
        content: '',
        images: [{ type: 'image_url', index: 0, image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
      }),
      end('stop', { usage }),
      done,
    ],
    heard: { text: 'Here.', pictures: ['iVBORw0KGgo='], ...counted },
  },
  {
    model: 'openai/gpt-5',
    what: 'what of the prompt was cached',
    whole: whole(
      { role: 'assistant', content: 'Hi' },
      {},
      { usage: { ...usage, prompt_tokens_details: { cached_tokens: 16 } } },
    ),
    heard: { text: 'Hi', cached: [16, 0, 0], ...counted },
  },
  {
    model: 'cohere/command-a-03-2025',
    what: 'an end in capitals',
    whole: whole({ role: 'assistant', content: 'Hi' }, { finish_reason: 'COMPLETE' }),
    stream: [chunk({ role: 'assistant', content: 'Hi' }), end('MAX_TOKENS', { usage }), done],
    heard: { text: 'Hi', ...counted },
    streamed: { ended: 'length' },
  },
  {
    model: anyone,
    what: 'errors that say nothing in every chunk',
    whole: whole({ role: 'assistant', content: 'Hi' }, {}, { error: null }),
    stream: [
      chunk({ content: 'H' }, {}, { error: null }),
      chunk({ content: 'i' }, {}, { error: '' }),
      end('stop', { error: false, usage }),
      done,
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: 'xai/grok-4',
    what: 'sources with the last chunk',
    stream: [
      chunk({ role: 'assistant', reasoning_content: 'Hm.' }),
      chunk({ content: 'Hi' }),
      end('stop', { usage, citations: ['https://x.test/a', 'https://x.test/b'] }),
      done,
    ],
    heard: { thought: 'Hm.', text: 'Hi', urls: ['https://x.test/a', 'https://x.test/b'], ...counted },
  },
  {
    model: anyone,
    what: 'an end before the last words',
    vague: true,
    stream: [
      chunk({ content: 'H' }, { finish_reason: 'stop' }),
      chunk({ content: 'i' }, { finish_reason: 'stop' }),
      bare({ choices: [], usage }),
      done,
    ],
    heard: { text: 'Hi', ...counted },
  },
  {
    model: anyone,
    what: 'whole messages where deltas belong',
    stream: [
      data({
        id: 'c',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
        usage,
      }),
      done,
    ],
    heard: { text: 'Hi', ...counted },
  },
]
