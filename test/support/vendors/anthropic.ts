import { type Fields, fields, isFields, list } from '../../../src/dialects/loose-json.ts'
import { type FakeVendor, type HeardTurn, only, pieces, type Said, sse, TOKENS } from './words.ts'

/** Protobuf in base64, as Claude signs: kind 2, whose first field is a message that begins with a version. */
export const CLAUDES = 'EqQBCkYIARgCKkAxY2xhdWRlLXNpZ25hdHVyZS+abc+def/ghi0123456789=='

const FIELDS =
  'model max_tokens messages system stream stop_sequences temperature top_p top_k tools tool_choice thinking metadata service_tier container context_management mcp_servers output_config output_format inference_geo cache_control'

interface Place {
  /** On Vertex the model is in the path, and the version in the body. */
  readonly vertex?: boolean
}

/** https://docs.anthropic.com/en/api/messages, of a Claude that thinks within a budget. */
export function fakeAnthropic({ vertex = false }: Place = {}): FakeVendor {
  return {
    hear(body, faults) {
      only(body, vertex ? `${FIELDS} anthropic_version anthropic_beta`.replace('model ', '') : FIELDS, 'body', faults)
      if (vertex && body.anthropic_version !== 'vertex-2023-10-16') faults.push('anthropic_version: Field required')
      if (!vertex && typeof body.model !== 'string') faults.push('model: Field required')
      const most = Number(body.max_tokens)
      if (!(most > 0)) faults.push('max_tokens: Field required')
      const thinking = fields(body.thinking)
      const thinks = thinking.type === 'enabled'
      if (thinks) {
        only(thinking, 'type budget_tokens display', 'thinking', faults)
        const budget = Number(thinking.budget_tokens)
        if (!(budget >= 1024 && budget < most))
          faults.push('thinking.budget_tokens must be from 1024 to below max_tokens')
        if (body.temperature !== undefined && body.temperature !== 1)
          faults.push('temperature may only be 1 when thinking')
      }
      const tools = list(body.tools).map((given, at) => {
        const tool = only(
          given,
          'type name description input_schema cache_control strict input_examples eager_input_streaming',
          `tools.${at}`,
          faults,
        )
        if (!/^[\w-]{1,128}$/.test(String(tool.name))) faults.push(`tools.${at}.name is no name`)
        if (fields(tool.input_schema).type !== 'object') faults.push(`tools.${at}.input_schema.type: Field required`)
        return String(tool.name)
      })
      const choice = fields(body.tool_choice)
      if (body.tool_choice !== undefined) {
        only(choice, 'type name disable_parallel_tool_use', 'tool_choice', faults)
        if (tools.length === 0) faults.push('tool_choice may only be specified while providing tools.')
        if (thinks && (choice.type === 'any' || choice.type === 'tool'))
          faults.push('Thinking may not be enabled when tool_choice forces tool use.')
      }
      if (body.temperature !== undefined && body.top_p !== undefined)
        faults.push('`temperature` and `top_p` cannot both be specified for this model. Please use only one.')
      const system = texts(body.system, 'system', faults)
      const turns = conversation(list(body.messages), { thinks, tools }, faults)
      const format = fields(fields(body.output_config).format ?? body.output_format)
      if (format.type !== undefined) {
        only(format, 'type schema', 'output_config.format', faults)
        strictSchema(format.schema, 'output_config.format.schema', faults)
      }
      return {
        system,
        turns,
        tools,
        thinks,
        ...(format.schema !== undefined && { schema: format.schema }),
        ...(choice.type === 'tool' && { forced: String(choice.name) }),
        ...(choice.type === 'any' && tools.length === 1 && { forced: String(tools[0]) }),
      }
    },
    whole: (said) => ({
      id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: blocks(said),
      stop_reason: said.calls ? 'tool_use' : 'end_turn',
      stop_sequence: null,
      usage: usage(TOKENS.output),
    }),
    stream(said) {
      const made = blocks(said)
      return sse(
        [
          {
            type: 'message_start',
            message: {
              id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
              type: 'message',
              role: 'assistant',
              model: 'claude-sonnet-4-5-20250929',
              content: [],
              stop_reason: null,
              stop_sequence: null,
              usage: usage(1),
            },
          },
          { type: 'ping' },
          ...made.flatMap(blockEvents),
          {
            type: 'message_delta',
            delta: { stop_reason: said.calls ? 'tool_use' : 'end_turn', stop_sequence: null },
            usage: { output_tokens: TOKENS.output },
          },
          { type: 'message_stop' },
        ],
        true,
      )
    },
    refusal: (message) => ({ type: 'error', error: { type: 'invalid_request_error', message }, request_id: 'req_1' }),
  }
}

/** Claude follows schemas whose objects are closed. */
function strictSchema(schema: unknown, at: string, faults: string[]): void {
  const given = fields(schema)
  if (given.type === 'object' && given.additionalProperties !== false)
    faults.push(`${at}: For 'object' type, 'additionalProperties' must be explicitly set to false`)
  for (const [name, inner] of Object.entries(fields(given.properties))) strictSchema(inner, `${at}.${name}`, faults)
}

function texts(content: unknown, at: string, faults: string[]): string {
  if (typeof content === 'string') return content
  return list(content)
    .map((given, n) => {
      const block = only(given, 'type text cache_control citations', `${at}.${n}`, faults)
      if (block.text === '') faults.push(`${at}.${n}: text content blocks must be non-empty`)
      return String(block.text)
    })
    .join('\n')
}

interface Means {
  readonly thinks: boolean
  readonly tools: readonly string[]
}

function conversation(messages: readonly unknown[], { thinks, tools }: Means, faults: string[]): HeardTurn[] {
  const turns: HeardTurn[] = []
  let open = new Map<unknown, string>()
  if (fields(messages[0]).role !== 'user') faults.push('messages: first message must use the "user" role')
  for (const [at, given] of messages.entries()) {
    const where = `messages.${at}`
    const message = only(given, 'role content', where, faults)
    const made: Fields[] =
      typeof message.content === 'string'
        ? [{ type: 'text', text: message.content }]
        : list(message.content).map(fields)
    if (made.length === 0) faults.push(`${where}: all messages must have non-empty content`)
    if (message.role === fields(messages[at - 1]).role) faults.push(`${where}: roles must alternate here`)
    const said = made.map((block, n) => text(block, `${where}.content.${n}`, faults)).join('')
    const images = made.flatMap(({ type, source }) => (type === 'image' ? [String(fields(source).data)] : []))
    if (message.role === 'user') {
      const results = made.filter(({ type }) => type === 'tool_result')
      const firstOther = made.findIndex(({ type }) => type !== 'tool_result')
      if (firstOther >= 0 && firstOther < results.length) faults.push(`${where}: tool_result blocks must come first`)
      for (const [id] of open)
        if (!results.some(({ tool_use_id }) => tool_use_id === id))
          faults.push(`${where}: tool_use ids were found without tool_result blocks immediately after: ${String(id)}`)
      turns.push({
        role: results.length > 0 ? 'tool' : 'user',
        text: said,
        images,
        calls: [],
        thoughts: [],
        results: results.map((block, n) => {
          only(block, 'type tool_use_id content is_error cache_control', `${where}.content.${n}`, faults)
          const name = open.get(block.tool_use_id)
          if (name === undefined) faults.push(`${where}: unexpected tool_use_id ${String(block.tool_use_id)}`)
          return { name: name ?? '', text: texts(block.content, `${where}.content.${n}`, faults) }
        }),
      })
      open = new Map()
    } else if (message.role === 'assistant') {
      const thoughts = made.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking')
      const calls = made.filter(({ type }) => type === 'tool_use')
      for (const thought of thoughts) {
        only(thought, thought.type === 'thinking' ? 'type thinking signature' : 'type data', where, faults)
        if (thought.type === 'thinking' && thought.signature !== CLAUDES)
          faults.push(`${where}: Invalid \`signature\` in \`thinking\` block`)
      }
      if (thinks && calls.length > 0 && !/thinking/.test(String(made[0]?.type)))
        faults.push(`${where}.content.0.type: Expected \`thinking\`, but found \`${String(made[0]?.type)}\``)
      if (calls.length > 0 && tools.length === 0)
        faults.push('Requests which include `tool_use` blocks must define tools.')
      open = new Map(calls.map(({ id, name }) => [id, String(name)]))
      turns.push({
        role: 'model',
        text: said,
        images,
        results: [],
        thoughts: thoughts.map(({ signature }) => String(signature)),
        calls: calls.map((block, n) => {
          only(block, 'type id name input cache_control caller', `${where}.content.${n}`, faults)
          if (!/^[\w-]+$/.test(String(block.id))) faults.push(`${where}: tool_use.id should match '^[a-zA-Z0-9_-]+$'`)
          if (!isFields(block.input)) faults.push(`${where}: tool_use.input should be a valid dictionary`)
          return { name: String(block.name), args: fields(block.input) }
        }),
      })
    } else faults.push(`${where}.role: unexpected ${String(message.role)}`)
  }
  if (open.size > 0) faults.push('the last tool_use blocks have no tool_result')
  return turns
}

function text(block: Fields, at: string, faults: string[]): string {
  if (block.type === 'image') {
    only(block, 'type source cache_control', at, faults)
    const source = only(block.source, 'type media_type data url', `${at}.source`, faults)
    if (source.type !== 'base64' || source.media_type !== 'image/png') faults.push(`${at}.source is no picture`)
    return ''
  }
  if (block.type !== 'text') return ''
  only(block, 'type text cache_control citations', at, faults)
  if (typeof block.text !== 'string' || block.text === '') faults.push(`${at}: text content blocks must be non-empty`)
  return String(block.text)
}

function blocks({ thought, text, calls = [] }: Said): Fields[] {
  return [
    ...(thought === undefined ? [] : [{ type: 'thinking', thinking: thought, signature: CLAUDES }]),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...calls.map(({ name, args }, at) => ({ type: 'tool_use', id: `toolu_01A09q9${at}`, name, input: args })),
  ]
}

function usage(output_tokens: number): Fields {
  return {
    input_tokens: TOKENS.input - TOKENS.cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: TOKENS.cached,
    output_tokens,
    service_tier: 'standard',
  }
}

function blockEvents(block: Fields, index: number): object[] {
  const deltas: object[] =
    block.type === 'thinking'
      ? [
          ...pieces(String(block.thinking)).map((thinking) => ({ type: 'thinking_delta', thinking })),
          { type: 'signature_delta', signature: block.signature },
        ]
      : block.type === 'text'
        ? pieces(String(block.text)).map((piece) => ({ type: 'text_delta', text: piece }))
        : ['', ...pieces(Object.keys(fields(block.input)).length === 0 ? '' : JSON.stringify(block.input))].map(
            (partial_json) => ({ type: 'input_json_delta', partial_json }),
          )
  const emptied: Record<string, object> = {
    thinking: { thinking: '', signature: '' },
    text: { text: '' },
    tool_use: { input: {} },
  }
  return [
    { type: 'content_block_start', index, content_block: { ...block, ...emptied[String(block.type)] } },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}
