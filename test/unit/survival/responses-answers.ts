import type { VendorEvent } from '../../../src/providers/translator.ts'
import { typed, type VendorAnswer } from './answer.ts'

const counted = { input: 22, output: 20 }
const usage = {
  input_tokens: 22,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 42,
}
const response = (output: readonly object[], rest: object = {}) => ({
  id: 'resp_67ccd2bed1ec8190b14f964abc054267',
  object: 'response',
  created_at: 1741476542,
  status: 'completed',
  error: null,
  incomplete_details: null,
  model: 'gpt-5-2025-08-07',
  output,
  usage,
  ...rest,
})
const message = (...content: object[]) => ({
  id: 'msg_1',
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content,
})
const said = (text: string, annotations: readonly object[] = []) => ({
  type: 'output_text',
  text,
  annotations,
  logprobs: [],
})
const model = 'openai/responses/gpt-5'

/** A stream as OpenAI writes it: every event has its number, every item is added, grows and is done. */
function streamOf(events: readonly object[], whole: object): VendorEvent[] {
  const open = { ...whole, status: 'in_progress', output: [], usage: null }
  const { status } = whole as { status: string }
  return [
    { type: 'response.created', response: open },
    { type: 'response.in_progress', response: open },
    ...events,
    { type: `response.${status}`, response: whole },
  ].map((event, sequence_number) => typed({ ...event, sequence_number } as unknown as { type: string }))
}
const added = (output_index: number, item: object) => ({ type: 'response.output_item.added', output_index, item })
const finished = (output_index: number, item: object) => ({ type: 'response.output_item.done', output_index, item })
const words = (output_index: number, text: string, annotations: readonly object[] = []) => {
  const place = { item_id: 'msg_1', output_index, content_index: 0 }
  return [
    added(output_index, { ...message(), status: 'in_progress' }),
    { type: 'response.content_part.added', ...place, part: said('') },
    ...text
      .split(/(?<= )/)
      .map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [], obfuscation: 'x' })),
    ...annotations.map((annotation, annotation_index) => ({
      type: 'response.output_text.annotation.added',
      ...place,
      annotation_index,
      annotation,
    })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: said(text, annotations) },
    finished(output_index, message(said(text, annotations))),
  ]
}
/** An item that a tool of the vendor leaves: its events say how far it is, by names of their own. */
const ran = (output_index: number, item: object, ...steps: readonly string[]) => [
  added(output_index, { ...item, status: 'in_progress' }),
  ...steps.map((step) => ({ type: `response.${step}`, output_index, item_id: 'x' })),
  finished(output_index, item),
]

const source = { type: 'url_citation', start_index: 0, end_index: 2, url: 'https://x.test/news', title: 'News' }
const search = {
  type: 'web_search_call',
  id: 'ws_1',
  status: 'completed',
  action: { type: 'search', query: 'news', sources: [] },
}
const code = {
  type: 'code_interpreter_call',
  id: 'ci_1',
  status: 'completed',
  code: 'print(1)',
  container_id: 'cntr_1',
  outputs: [{ type: 'logs', logs: '1' }],
}
const file = {
  type: 'container_file_citation',
  container_id: 'cntr_1',
  file_id: 'cfile_1',
  filename: 'a.png',
  start_index: 0,
  end_index: 2,
}
const picture = {
  type: 'image_generation_call',
  id: 'ig_1',
  status: 'completed',
  result: 'iVBORw0KGgo=',
  output_format: 'png',
}
const tools = {
  type: 'mcp_list_tools',
  id: 'mcpl_1',
  server_label: 'dice',
  tools: [{ name: 'roll', input_schema: {} }],
}
const roll = {
  type: 'mcp_call',
  id: 'mcp_1',
  server_label: 'dice',
  name: 'roll',
  arguments: '{"n":2}',
  output: '7',
  error: null,
}
const found = { type: 'file_search_call', id: 'fs_1', status: 'completed', queries: ['a'], results: null }
const cited = { type: 'file_citation', index: 3, file_id: 'file-1', filename: 'a.pdf' }
const thought = {
  id: 'rs_1',
  type: 'reasoning',
  summary: [
    { type: 'summary_text', text: '**One**' },
    { type: 'summary_text', text: '**Two**' },
  ],
  encrypted_content: 'gAAAAABo=',
}
const summaries = (output_index: number) => [
  added(output_index, { ...thought, summary: [], encrypted_content: 'early' }),
  ...['**One**', '**Two**'].flatMap((text, summary_index) => {
    const place = { item_id: 'rs_1', output_index, summary_index }
    return [
      { type: 'response.reasoning_summary_part.added', ...place, part: { type: 'summary_text', text: '' } },
      { type: 'response.reasoning_summary_text.delta', ...place, delta: text.slice(0, 3), obfuscation: 'y' },
      { type: 'response.reasoning_summary_text.delta', ...place, delta: text.slice(3) },
      { type: 'response.reasoning_summary_text.done', ...place, text },
      { type: 'response.reasoning_summary_part.done', ...place, part: { type: 'summary_text', text } },
    ]
  }),
  finished(output_index, thought),
]
const weather = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'weather',
  arguments: '{"city":"Bonn"}',
  status: 'completed',
}
const sql = {
  type: 'custom_tool_call',
  id: 'ctc_1',
  call_id: 'call_2',
  name: 'sql',
  input: 'select 1',
  status: 'completed',
}
const written = (output_index: number, item: typeof weather | typeof sql) => {
  const custom = 'input' in item
  const name = custom ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
  const text = custom ? item.input : item.arguments
  return [
    added(output_index, { ...item, ...(custom ? { input: '' } : { arguments: '' }), status: 'in_progress' }),
    { type: `${name}.delta`, item_id: item.id, output_index, delta: text.slice(0, 4), obfuscation: 'z' },
    { type: `${name}.delta`, item_id: item.id, output_index, delta: text.slice(4) },
    { type: `${name}.done`, item_id: item.id, output_index, ...(custom ? { input: text } : { arguments: text }) },
    finished(output_index, item),
  ]
}

const audio = { type: 'output_audio', data: 'UklGRg==', transcript: 'Good day.' }
const both = (
  what: string,
  output: readonly object[],
  events: readonly object[],
  heard: VendorAnswer['heard'],
  rest = {},
) => {
  const whole = response(output, rest)
  return { model, what, whole, stream: streamOf(events, whole), heard: { ...counted, ...heard } }
}

/** platform.openai.com: the response object and the events of its stream. */
export const responsesAnswers: readonly VendorAnswer[] = [
  both(
    'a search and words with their source',
    [search, message(said('It rains.', [source]))],
    [
      ...ran(0, search, 'web_search_call.in_progress', 'web_search_call.searching', 'web_search_call.completed'),
      ...words(1, 'It rains.', [source]),
    ],
    { text: 'It rains.', urls: ['https://x.test/news'] },
  ),
  both(
    'code that ran, and a file of its container',
    [code, message(said('Done.', [file]))],
    [
      ...ran(
        0,
        code,
        'code_interpreter_call.in_progress',
        'code_interpreter_call_code.delta',
        'code_interpreter_call_code.done',
        'code_interpreter_call.interpreting',
        'code_interpreter_call.completed',
      ),
      ...words(1, 'Done.', [file]),
    ],
    { text: 'Done.' },
  ),
  both(
    'a picture',
    [picture, message(said('Here.'))],
    [
      ...ran(
        0,
        picture,
        'image_generation_call.in_progress',
        'image_generation_call.generating',
        'image_generation_call.partial_image',
        'image_generation_call.completed',
      ),
      ...words(1, 'Here.'),
    ],
    { text: 'Here.', pictures: ['iVBORw0KGgo='] },
  ),
  both(
    'tools by MCP',
    [tools, roll, message(said('You rolled 7.'))],
    [
      ...ran(0, tools, 'mcp_list_tools.in_progress', 'mcp_list_tools.completed'),
      ...ran(
        1,
        roll,
        'mcp_call.in_progress',
        'mcp_call_arguments.delta',
        'mcp_call_arguments.done',
        'mcp_call.completed',
      ),
      ...words(2, 'You rolled 7.'),
    ],
    { text: 'You rolled 7.' },
  ),
  both(
    'a search in files',
    [found, message(said('See a.', [cited]))],
    [
      ...ran(0, found, 'file_search_call.in_progress', 'file_search_call.searching', 'file_search_call.completed'),
      ...words(1, 'See a.', [cited]),
    ],
    { text: 'See a.' },
  ),
  both(
    'a thought in two parts before a function and a custom tool',
    [thought, weather, sql],
    [...summaries(0), ...written(1, weather), ...written(2, sql)],
    {
      thought: '**One**\n\n**Two**',
      calls: [
        ['weather', { city: 'Bonn' }],
        ['sql', 'select 1'],
      ],
      ended: 'calls',
    },
  ),
  both(
    'words that were cut',
    [message(said('On and '))],
    words(0, 'On and '),
    { text: 'On and ', ended: 'length' },
    {
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    },
  ),
  {
    ...both(
      'a refusal',
      [message({ type: 'refusal', refusal: 'I cannot.' })],
      [
        added(0, message()),
        {
          type: 'response.content_part.added',
          item_id: 'msg_1',
          output_index: 0,
          content_index: 0,
          part: { type: 'refusal', refusal: '' },
        },
        { type: 'response.refusal.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'I ' },
        { type: 'response.refusal.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'cannot.' },
        { type: 'response.refusal.done', item_id: 'msg_1', output_index: 0, content_index: 0, refusal: 'I cannot.' },
        finished(0, message({ type: 'refusal', refusal: 'I cannot.' })),
      ],
      { text: 'I cannot.' },
    ),
    refused: true,
  },
  both(
    'speech with its words',
    [message(audio)],
    [
      added(0, message()),
      { type: 'response.audio.delta', delta: 'UklG' },
      { type: 'response.audio.transcript.delta', delta: 'Good ' },
      { type: 'response.audio.delta', delta: 'Rg==' },
      { type: 'response.audio.transcript.delta', delta: 'day.' },
      { type: 'response.audio.done' },
      { type: 'response.audio.transcript.done' },
      finished(0, message(audio)),
    ],
    { text: 'Good day.', sound: 'UklGRg==' },
  ),
]
