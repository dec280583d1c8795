import { type Fields, fields, isFields, list, parsed } from '../../../src/dialects/loose-json.ts'
import { type FakeVendor, type HeardTurn, only, pieces, type Said, sse, TOKENS } from './words.ts'

/** How a server that speaks OpenAI's chat differs from OpenAI's own, by its documentation. */
export interface ChatAccent {
  /** Fields beyond OpenAI's that it takes, and OpenAI's that it refuses. */
  readonly knows?: string
  readonly lacks?: string
  /** Fields beyond OpenAI's on an assistant's message. */
  readonly message?: string
  /** Unknown fields are passed over instead of refused. */
  readonly lenient?: boolean
  /** Where thoughts are in answers; OpenAI only counts them. */
  readonly thoughts?: 'reasoning_content' | 'reasoning' | 'parts'
  /** Whether calls must come back with the thoughts that led to them. */
  readonly wantsThoughts?: boolean
  readonly callId?: RegExp
  readonly roles?: string
  readonly toolChoices?: string
  readonly textOnly?: boolean
  readonly usage?: object
  /** Where the usage of a stream stands besides OpenAI's place. */
  readonly lastChunk?: (usage: object) => object
  /** An event before the first, as Azure's filters send it. */
  readonly firstChunk?: object
}

const FIELDS =
  'model messages stream stream_options max_tokens max_completion_tokens temperature top_p n stop seed presence_penalty frequency_penalty logit_bias logprobs top_logprobs response_format tools tool_choice parallel_tool_calls functions function_call user metadata store reasoning_effort modalities audio prediction service_tier verbosity web_search_options prompt_cache_key prompt_cache_retention safety_identifier'

/** https://platform.openai.com/docs/api-reference/chat */
export function fakeOpenaiChat(accent: ChatAccent = {}): FakeVendor {
  const id = accent.callId?.source === '^[A-Za-z0-9]{9}$' ? ['D681PevKs', 'nEKk4s8aB'] : ['call_aB3', 'call_cD4']
  const calls = (said: Said) =>
    (said.calls ?? []).map(({ name, args }, at) => ({
      id: id[at],
      type: 'function',
      function: { name, arguments: JSON.stringify(args) },
    }))
  const head = { id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT', created: 1_741_569_952, model: 'gpt-5-mini-2025-08-07' }
  const usage = {
    prompt_tokens: TOKENS.input,
    completion_tokens: TOKENS.output,
    total_tokens: TOKENS.input + TOKENS.output,
    prompt_tokens_details: { cached_tokens: TOKENS.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: TOKENS.reasoning, audio_tokens: 0 },
    ...accent.usage,
  }
  const thinking = (thought: string) => ({ type: 'thinking', thinking: [{ type: 'text', text: thought }] })

  return {
    hear(body, faults) {
      if (accent.lenient !== true) {
        const known = `${FIELDS} ${accent.knows ?? ''}`
          .split(' ')
          .filter((name) => !accent.lacks?.split(' ').includes(name))
        only(body, known.join(' '), 'body', faults)
      }
      if (typeof body.model !== 'string') faults.push('model is required')
      if (body.stream_options !== undefined && body.stream !== true)
        faults.push("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
      const turns = messages(body, accent, faults)
      const tools = list(body.tools).map((given, at) => {
        const tool = only(given, 'type function', `tools[${at}]`, faults)
        const made = only(tool.function, 'name description parameters strict', `tools[${at}].function`, faults)
        if (tool.type !== 'function') faults.push(`tools[${at}].type is ${String(tool.type)}`)
        if (!/^[\w-]{1,64}$/.test(String(made.name))) faults.push(`tools[${at}].function.name is no name`)
        return String(made.name)
      })
      if (body.tools !== undefined && tools.length === 0) faults.push('tools is too short')
      if (body.tool_choice !== undefined && tools.length === 0) faults.push('tool_choice is only allowed with tools')
      if (body.parallel_tool_calls !== undefined && tools.length === 0)
        faults.push('parallel_tool_calls is only allowed with tools')
      const choices = accent.toolChoices ?? 'none auto required'
      if (typeof body.tool_choice === 'string' && !choices.split(' ').includes(body.tool_choice))
        faults.push(`tool_choice "${body.tool_choice}" is unknown`)
      const format = fields(body.response_format)
      const shape = fields(format.json_schema)
      if (format.type === 'json_schema') {
        only(format, 'type json_schema', 'response_format', faults)
        only(shape, 'name description schema strict', 'response_format.json_schema', faults)
        if (typeof shape.name !== 'string') faults.push('response_format.json_schema.name is required')
      }
      return {
        system: turns.system,
        turns: turns.turns,
        tools,
        thinks:
          body.reasoning_effort !== undefined ||
          body.include_reasoning === true ||
          isFields(body.reasoning) ||
          fields(body.thinking).type === 'enabled',
        ...(shape.schema !== undefined && { schema: shape.schema }),
        ...(isFields(body.tool_choice) && { forced: String(fields(body.tool_choice.function).name) }),
        ...((body.tool_choice === 'required' || body.tool_choice === 'any') &&
          tools.length === 1 && { forced: String(tools[0]) }),
      }
    },

    whole(said) {
      const { text, thought } = said
      const made = calls(said)
      const content =
        accent.thoughts === 'parts' && thought !== undefined
          ? [thinking(thought), ...(text === undefined ? [] : [{ type: 'text', text }])]
          : (text ?? null)
      const beside = thought !== undefined && accent.thoughts !== undefined && accent.thoughts !== 'parts'
      return {
        ...head,
        object: 'chat.completion',
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content,
              ...(accent.lenient === true || accent.knows !== undefined ? {} : { refusal: null, annotations: [] }),
              ...(beside && { [String(accent.thoughts)]: thought }),
              ...(made.length > 0 && { tool_calls: made }),
            },
            logprobs: null,
            finish_reason: made.length > 0 ? 'tool_calls' : 'stop',
          },
        ],
        usage,
        service_tier: 'default',
        system_fingerprint: 'fp_1',
      }
    },

    stream(said) {
      const { text, thought } = said
      const chunk = (delta: object, finish_reason: string | null = null, more: object = {}) => ({
        ...head,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, logprobs: null, finish_reason }],
        usage: null,
        ...more,
      })
      const made = calls(said)
      const thoughts =
        thought === undefined || accent.thoughts === undefined
          ? []
          : pieces(thought).map((piece) =>
              chunk(
                accent.thoughts === 'parts' ? { content: [thinking(piece)] } : { [String(accent.thoughts)]: piece },
              ),
            )
      const spoken = pieces(text ?? '').map((content) => chunk({ content }))
      const called = made.flatMap((call, index) => [
        chunk({ tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] }),
        ...pieces(call.function.arguments).map((piece) =>
          chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
        ),
      ])
      const last = accent.lastChunk
      return sse([
        ...(accent.firstChunk ? [accent.firstChunk] : []),
        chunk({ role: 'assistant', content: '' }),
        ...thoughts,
        ...spoken,
        ...called,
        chunk({}, made.length > 0 ? 'tool_calls' : 'stop', last ? last(usage) : {}),
        ...(last ? [] : [{ ...head, object: 'chat.completion.chunk', choices: [], usage }]),
        '[DONE]',
      ])
    },

    refusal: (message) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } }),
  }
}

function messages(body: Fields, accent: ChatAccent, faults: string[]): { system: string; turns: HeardTurn[] } {
  const system: string[] = []
  const turns: HeardTurn[] = []
  let open: { id: unknown; name: string }[] = []
  const given = list(body.messages).map(fields)
  if (given.length === 0) faults.push('messages is too short')
  for (const [at, message] of given.entries()) {
    const where = `messages[${at}]`
    const { role } = message
    if (!(accent.roles ?? 'system developer user assistant tool').split(' ').includes(String(role)))
      faults.push(`${where}.role "${String(role)}" is unknown`)
    const fieldsOf: Record<string, string> = {
      assistant: `role content name refusal audio annotations tool_calls function_call ${accent.message ?? ''}`,
      tool: 'role content tool_call_id name',
    }
    if (accent.lenient !== true) only(message, fieldsOf[String(role)] ?? 'role content name', where, faults)
    const { texts, images, thoughts } = contentOf(message.content, where, accent, faults)
    if (role !== 'tool' && open.length > 0) {
      faults.push(`${where}: an assistant message with 'tool_calls' must be followed by tool messages for each id`)
      open = []
    }
    const turn: HeardTurn = { role: 'user', text: texts, images, calls: [], results: [], thoughts: [] }
    if (role === 'system' || role === 'developer') system.push(texts)
    else if (role === 'user') turns.push(turn)
    else if (role === 'tool') {
      const found = open.find(({ id }) => id === message.tool_call_id)
      if (!found) faults.push(`${where}.tool_call_id "${String(message.tool_call_id)}" answers no call before it`)
      open = open.filter((one) => one !== found)
      if (images.length > 0) faults.push(`${where}: a tool's message holds text only`)
      turns.push({ ...turn, role: 'tool', text: '', results: [{ name: found?.name ?? '', text: texts }] })
    } else {
      const calls = list(message.tool_calls).map((one, n) => {
        const call = only(one, 'id type function', `${where}.tool_calls[${n}]`, faults)
        const made = fields(call.function)
        if (typeof call.id !== 'string' || !(accent.callId ?? /^.+$/).test(call.id))
          faults.push(`${where}.tool_calls[${n}].id "${String(call.id)}" is no id`)
        const args = typeof made.arguments === 'string' ? parsed(made.arguments) : undefined
        if (!isFields(args)) faults.push(`${where}.tool_calls[${n}].function.arguments is no JSON object as text`)
        open.push({ id: call.id, name: String(made.name) })
        return { name: String(made.name), args: isFields(args) ? args : {} }
      })
      if ((message.content === null || message.content === undefined) && calls.length === 0)
        faults.push(`${where}.content may be null only with tool_calls`)
      const own = [
        ...thoughts,
        ...[message.reasoning_content, message.reasoning].filter((one) => typeof one === 'string'),
        ...list(message.reasoning_details).map((one) => String(fields(one).text)),
      ]
      if (
        accent.wantsThoughts === true &&
        calls.length > 0 &&
        own.length === 0 &&
        fields(body.thinking).type === 'enabled'
      )
        faults.push(`${where}: Missing reasoning_content field in the assistant message`)
      turns.push({ ...turn, role: 'model', calls, thoughts: own })
    }
  }
  if (open.length > 0) faults.push("the last assistant message's 'tool_calls' are not answered")
  return { system: system.join('\n'), turns }
}

function contentOf(content: unknown, where: string, accent: ChatAccent, faults: string[]) {
  if (typeof content === 'string') return { texts: content, images: [], thoughts: [] }
  const images: string[] = []
  const thoughts: string[] = []
  const texts = list(content).map((given, at) => {
    const part = fields(given)
    const place = `${where}.content[${at}]`
    if (part.type === 'text') {
      only(part, 'type text', place, faults)
      return String(part.text)
    }
    if (part.type === 'image_url' && accent.textOnly !== true) {
      const { url } = only(part.image_url, 'url detail', place, faults)
      const data = /^data:image\/png;base64,(.*)$/.exec(String(url))?.[1]
      if (data === undefined) faults.push(`${place} is no picture`)
      images.push(data ?? '')
    } else if (part.type === 'thinking' && accent.thoughts === 'parts')
      thoughts.push(
        list(part.thinking)
          .map((one) => String(fields(one).text))
          .join(''),
      )
    else faults.push(`${place}: unknown part "${String(part.type)}"`)
    return ''
  })
  return { texts: texts.join(''), images, thoughts }
}
