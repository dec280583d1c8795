import { type Fields, fields, isFields, list, parsed } from '../../../src/dialects/loose-json.ts'
import { type FakeVendor, type HeardTurn, only, pieces, type Said, sse, TOKENS } from './words.ts'

const FIELDS =
  'model input instructions max_output_tokens max_tool_calls metadata parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p truncation user include background conversation context_management'

/** OpenAI seals what it thought for those who keep nothing there. */
export const SEALED = 'gAAAAABpseal+/Kx9Zq=='

/** https://platform.openai.com/docs/api-reference/responses, of a model that thinks. */
export const fakeResponses: FakeVendor = {
  hear(body, faults) {
    only(body, FIELDS, 'body', faults)
    if (body.store !== false) faults.push('store must be false here: nothing may be kept')
    const { system, turns } = conversation(body, faults)
    const tools = list(body.tools).map((given, at) => {
      const tool = only(given, 'type name description parameters strict', `tools[${at}]`, faults)
      if (tool.type !== 'function') faults.push(`tools[${at}].type is ${String(tool.type)}`)
      if (!isFields(tool.parameters)) faults.push(`tools[${at}].parameters is required`)
      return String(tool.name)
    })
    const { format } = fields(body.text)
    const shape = fields(format)
    if (shape.type === 'json_schema') {
      only(shape, 'type name description schema strict', 'text.format', faults)
      if (typeof shape.name !== 'string') faults.push('text.format.name is required')
    }
    const reasoning =
      body.reasoning === undefined ? {} : only(body.reasoning, 'effort summary generate_summary', 'reasoning', faults)
    return {
      system,
      turns,
      tools,
      thinks: reasoning.effort !== undefined && list(body.include).includes('reasoning.encrypted_content'),
      ...(shape.schema !== undefined && { schema: shape.schema }),
      ...(isFields(body.tool_choice) && { forced: String(body.tool_choice.name) }),
      ...(body.tool_choice === 'required' && tools.length === 1 && { forced: String(tools[0]) }),
    }
  },
  whole: (said) => response('completed', items(said)),
  stream(said) {
    const made = items(said)
    const events: object[] = [
      { type: 'response.created', response: response('in_progress', []) },
      { type: 'response.in_progress', response: response('in_progress', []) },
      ...made.flatMap(itemEvents),
      { type: 'response.completed', response: response('completed', made) },
    ]
    return sse(
      events.map((event, sequence_number) => ({ ...event, sequence_number })),
      true,
    )
  },
  refusal: (message) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } }),
}

function conversation(body: Fields, faults: string[]): { system: string; turns: HeardTurn[] } {
  const system: string[] = typeof body.instructions === 'string' ? [body.instructions] : []
  const turns: HeardTurn[] = []
  const open = new Map<unknown, string>()
  const empty = { text: '', images: [], calls: [], results: [], thoughts: [] }
  const model = (more: Partial<HeardTurn>) => {
    const last = turns.at(-1)
    const before = last?.role === 'model' ? last : undefined
    if (before) turns.pop()
    const was = before ?? { ...empty, role: 'model' as const }
    turns.push({
      ...was,
      text: was.text + (more.text ?? ''),
      calls: [...was.calls, ...(more.calls ?? [])],
      thoughts: [...was.thoughts, ...(more.thoughts ?? [])],
    })
  }
  const input = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : list(body.input)
  if (input.length === 0) faults.push('input is required')
  for (const [at, given] of input.entries()) {
    const item = fields(given)
    const where = `input[${at}]`
    const type = item.type ?? 'message'
    const prefix: Record<string, string> = { message: 'msg', reasoning: 'rs', function_call: 'fc' }
    if (item.id !== undefined && !String(item.id).startsWith(prefix[String(type)] ?? ''))
      faults.push(`${where}.id: expected an ID that begins with '${prefix[String(type)]}'`)
    if (type === 'message') {
      only(item, 'type role content id status phase', where, faults)
      const kind = item.role === 'assistant' ? ['output_text', 'refusal'] : ['input_text', 'input_image', 'input_file']
      const parts: Fields[] =
        typeof item.content === 'string' ? [{ type: kind[0], text: item.content }] : list(item.content).map(fields)
      for (const part of parts)
        if (!kind.includes(String(part.type))) faults.push(`${where}: Invalid value: '${String(part.type)}'`)
      const text = parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('')
      const images = parts.flatMap(({ image_url }) =>
        typeof image_url === 'string' ? [image_url.split('base64,')[1] ?? ''] : [],
      )
      if (item.role === 'assistant') model({ text })
      else if (item.role === 'user') turns.push({ ...empty, role: 'user', text, images })
      else system.push(text)
    } else if (type === 'reasoning') {
      only(item, 'type id summary content encrypted_content status', where, faults)
      if (!Array.isArray(item.summary)) faults.push(`${where}.summary is required`)
      const next = fields(input[at + 1])
      if (next.type !== 'function_call' && next.type !== 'reasoning' && (next.type ?? 'message') !== 'message')
        faults.push(`${where} of type 'reasoning' was provided without its required following item`)
      model({ thoughts: [String(item.encrypted_content)] })
    } else if (type === 'function_call') {
      only(item, 'type id call_id name arguments status', where, faults)
      const args = typeof item.arguments === 'string' ? parsed(item.arguments) : undefined
      if (!isFields(args)) faults.push(`${where}.arguments is no JSON object as text`)
      open.set(item.call_id, String(item.name))
      model({ calls: [{ name: String(item.name), args: isFields(args) ? args : {} }] })
    } else if (type === 'function_call_output') {
      only(item, 'type id call_id output status', where, faults)
      const name = open.get(item.call_id)
      if (name === undefined)
        faults.push(`No tool call found for function call output with call_id ${String(item.call_id)}.`)
      open.delete(item.call_id)
      const text =
        typeof item.output === 'string'
          ? item.output
          : list(item.output)
              .map((part) => String(fields(part).text))
              .join('')
      turns.push({ ...empty, role: 'tool', results: [{ name: name ?? '', text }] })
    } else faults.push(`${where}: Invalid value: '${String(type)}'`)
  }
  for (const id of open.keys()) faults.push(`No tool output found for function call ${String(id)}.`)
  return { system: system.join('\n'), turns }
}

function items(said: Said): Fields[] {
  return [
    ...(said.thought === undefined
      ? []
      : [
          {
            id: 'rs_68af4030592c81938ec0a5fbab4a3e9f',
            type: 'reasoning',
            summary: [{ type: 'summary_text', text: said.thought }],
            encrypted_content: SEALED,
          },
        ]),
    ...(said.text === undefined
      ? []
      : [
          {
            id: 'msg_67ccd2bf17f0819081ff3bb2cf6508e6',
            type: 'message',
            status: 'completed',
            role: 'assistant',
            content: [{ type: 'output_text', text: said.text, annotations: [], logprobs: [] }],
          },
        ]),
    ...(said.calls ?? []).map(({ name, args }, at) => ({
      id: `fc_67ccd3${at}`,
      type: 'function_call',
      status: 'completed',
      call_id: `call_Qz${at}`,
      name,
      arguments: JSON.stringify(args),
    })),
  ]
}

function response(status: string, output: readonly Fields[]): Fields {
  return {
    id: 'resp_67ccd2bed1ec8190b14f964abc054267',
    object: 'response',
    created_at: 1_741_476_542,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: 'gpt-5-mini-2025-08-07',
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage:
      status === 'completed'
        ? {
            input_tokens: TOKENS.input,
            input_tokens_details: { cached_tokens: TOKENS.cached },
            output_tokens: TOKENS.output,
            output_tokens_details: { reasoning_tokens: TOKENS.reasoning },
            total_tokens: TOKENS.input + TOKENS.output,
          }
        : null,
    user: null,
    metadata: {},
  }
}

function itemEvents(item: Fields, output_index: number): object[] {
  const at = { item_id: item.id, output_index }
  const opened = { ...item, ...(item.status !== undefined && { status: 'in_progress' }) }
  const around = (open: Fields, inner: object[]) => [
    { type: 'response.output_item.added', output_index, item: open },
    ...inner,
    { type: 'response.output_item.done', output_index, item },
  ]
  if (item.type === 'reasoning') {
    const [part] = list(item.summary).map(fields)
    const place = { ...at, summary_index: 0 }
    return around({ ...opened, summary: [] }, [
      { type: 'response.reasoning_summary_part.added', ...place, part: { type: 'summary_text', text: '' } },
      ...pieces(String(part?.text)).map((delta) => ({
        type: 'response.reasoning_summary_text.delta',
        ...place,
        delta,
      })),
      { type: 'response.reasoning_summary_text.done', ...place, text: part?.text },
      { type: 'response.reasoning_summary_part.done', ...place, part },
    ])
  }
  if (item.type === 'message') {
    const [part] = list(item.content).map(fields)
    const place = { ...at, content_index: 0 }
    return around({ ...opened, content: [] }, [
      { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
      ...pieces(String(part?.text)).map((delta) => ({
        type: 'response.output_text.delta',
        ...place,
        delta,
        logprobs: [],
      })),
      { type: 'response.output_text.done', ...place, text: part?.text, logprobs: [] },
      { type: 'response.content_part.done', ...place, part },
    ])
  }
  return around({ ...opened, arguments: '' }, [
    ...pieces(String(item.arguments)).map((delta) => ({
      type: 'response.function_call_arguments.delta',
      ...at,
      delta,
    })),
    { type: 'response.function_call_arguments.done', ...at, name: item.name, arguments: item.arguments },
  ])
}
