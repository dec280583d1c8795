import { typed, type VendorAnswer } from './answer.ts'

const usage = { input_tokens: 10, cache_creation_input_tokens: 5, cache_read_input_tokens: 7, output_tokens: 20 }
const message = (content: readonly object[], rest: object = {}) => ({
  id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
  ...rest,
})
const counted = { input: 22, output: 20, cached: [7, 5, 0] as const }
const begin = typed({
  type: 'message_start',
  message: message([], { stop_reason: null, usage: { ...usage, output_tokens: 1 } }),
} as {
  type: string
})
const start = (index: number, content_block: object) =>
  typed({ type: 'content_block_start', index, content_block } as { type: string })
const delta = (index: number, said: object) =>
  typed({ type: 'content_block_delta', index, delta: said } as { type: string })
const stop = (index: number) => typed({ type: 'content_block_stop', index } as { type: string })
const end = (said: object = {}, rest: object = { usage: { output_tokens: 20 } }) => [
  typed({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null, ...said }, ...rest } as {
    type: string
  }),
  typed({ type: 'message_stop' }),
]
const ping = typed({ type: 'ping' })
const page = {
  type: 'web_search_result_location',
  url: 'https://en.wikipedia.org/wiki/Claude_Shannon',
  title: 'Claude Shannon - Wikipedia',
  encrypted_index: 'Eo8BCioIAhgB',
  cited_text: 'Claude Elwood Shannon (April 30, 1916)',
}
const searchUse = {
  type: 'server_tool_use',
  id: 'srvtoolu_01',
  name: 'web_search',
  input: { query: 'claude shannon birth date' },
}
const searchResult = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_01',
  content: [
    { type: 'web_search_result', url: page.url, title: page.title, encrypted_content: 'EqgfCioIARgB', page_age: null },
  ],
}

/** docs.claude.com: Messages, streaming, web search, code execution, citations, extended thinking, handling stop reasons. */
export const anthropicAnswers: readonly VendorAnswer[] = [
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'a search between two texts, the second with its source',
    whole: message(
      [
        { type: 'text', text: "I'll search. " },
        searchUse,
        searchResult,
        { type: 'text', text: 'He was born in 1916', citations: [page] },
        { type: 'text', text: '.' },
      ],
      { usage: { ...usage, server_tool_use: { web_search_requests: 1 } } },
    ),
    stream: [
      begin,
      start(0, { type: 'text', text: '' }),
      ping,
      delta(0, { type: 'text_delta', text: "I'll search. " }),
      stop(0),
      start(1, { ...searchUse, input: {} }),
      delta(1, { type: 'input_json_delta', partial_json: '' }),
      delta(1, { type: 'input_json_delta', partial_json: '{"query":"claude sh' }),
      delta(1, { type: 'input_json_delta', partial_json: 'annon birth date"}' }),
      stop(1),
      start(2, searchResult),
      stop(2),
      start(3, { citations: [], type: 'text', text: '' }),
      delta(3, { type: 'citations_delta', citation: page }),
      delta(3, { type: 'text_delta', text: 'He was born in 1916' }),
      stop(3),
      start(4, { type: 'text', text: '' }),
      delta(4, { type: 'text_delta', text: '.' }),
      stop(4),
      ...end({}, { usage: { ...usage, server_tool_use: { web_search_requests: 1 } } }),
    ],
    heard: { text: "I'll search. He was born in 1916.", urls: [page.url], ...counted },
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'a search that failed, and a turn that pauses',
    whole: message(
      [
        searchUse,
        {
          type: 'web_search_tool_result',
          tool_use_id: 'srvtoolu_01',
          content: { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' },
        },
        { type: 'text', text: 'One moment' },
      ],
      { stop_reason: 'pause_turn' },
    ),
    heard: { text: 'One moment', ...counted },
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'code that ran in a container, and files that it made',
    whole: message(
      [
        { type: 'server_tool_use', id: 'srvtoolu_02', name: 'bash_code_execution', input: { command: 'ls' } },
        {
          type: 'bash_code_execution_tool_result',
          tool_use_id: 'srvtoolu_02',
          content: {
            type: 'bash_code_execution_result',
            stdout: 'a.txt',
            stderr: '',
            return_code: 0,
            content: [{ type: 'bash_code_execution_output', file_id: 'file_1' }],
          },
        },
        { type: 'text', text: 'One file.' },
      ],
      { container: { id: 'container_011', expires_at: '2026-11-24T00:00:00Z' } },
    ),
    heard: { text: 'One file.', ...counted },
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'thoughts, signed and sealed, before two calls, one of them without arguments',
    whole: message(
      [
        { type: 'thinking', thinking: 'Two tools.', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' },
        { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix' },
        { type: 'tool_use', id: 'toolu_01', name: 'weather', input: { city: 'Köln' } },
        { type: 'tool_use', id: 'toolu_02', name: 'clock', input: {} },
      ],
      { stop_reason: 'tool_use' },
    ),
    stream: [
      begin,
      start(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'Two ' }),
      delta(0, { type: 'thinking_delta', thinking: 'tools.' }),
      delta(0, { type: 'signature_delta', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' }),
      stop(0),
      start(1, { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix' }),
      stop(1),
      start(2, { type: 'tool_use', id: 'toolu_01', name: 'weather', input: {} }),
      delta(2, { type: 'input_json_delta', partial_json: '' }),
      delta(2, { type: 'input_json_delta', partial_json: '{"city": "K' }),
      delta(2, { type: 'input_json_delta', partial_json: 'öln"}' }),
      stop(2),
      start(3, { type: 'tool_use', id: 'toolu_02', name: 'clock', input: {} }),
      stop(3),
      ...end({ stop_reason: 'tool_use' }),
    ],
    heard: {
      thought: 'Two tools.',
      calls: [
        ['weather', { city: 'Köln' }],
        ['clock', {}],
      ],
      ended: 'calls',
      ...counted,
    },
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'an answer as long as the context',
    whole: message([{ type: 'text', text: 'So l' }], { stop_reason: 'model_context_window_exceeded' }),
    stream: [
      begin,
      start(0, { type: 'text', text: '' }),
      delta(0, { type: 'text_delta', text: 'So l' }),
      stop(0),
      ...end({ stop_reason: 'model_context_window_exceeded' }),
    ],
    heard: { text: 'So l', ended: 'length', ...counted },
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'a refusal in the middle of a text',
    whole: message([{ type: 'text', text: 'Well' }], { stop_reason: 'refusal' }),
    stream: [
      begin,
      start(0, { type: 'text', text: '' }),
      delta(0, { type: 'text_delta', text: 'Well' }),
      stop(0),
      ...end({ stop_reason: 'refusal' }),
    ],
    heard: { text: 'Well', ended: 'filter', ...counted },
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'nothing at all, after the result of a tool',
    whole: message([]),
    stream: [begin, ...end()],
    heard: counted,
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'a tool of a server that speaks MCP',
    whole: message([
      { type: 'mcp_tool_use', id: 'mcptoolu_01', name: 'echo', server_name: 'example', input: { value: 'hi' } },
      { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_01', is_error: false, content: [{ type: 'text', text: 'hi' }] },
      { type: 'text', text: 'It says hi.' },
    ]),
    heard: { text: 'It says hi.', ...counted },
  },
  {
    model: 'anthropic/claude-sonnet-4-5',
    what: 'words of a document, cited by their place',
    whole: message([
      {
        type: 'text',
        text: 'The grass is green',
        citations: [
          {
            type: 'char_location',
            cited_text: 'The grass is green.',
            document_index: 0,
            document_title: 'Example Document',
            start_char_index: 0,
            end_char_index: 20,
            file_id: null,
          },
        ],
      },
    ]),
    heard: { text: 'The grass is green', ...counted },
  },
]
