import { EventStreamCodec } from '@smithy/eventstream-codec'
import { type Fields, fields, isFields, list } from '../../../src/dialects/loose-json.ts'
import { CLAUDES } from './anthropic.ts'
import { type FakeVendor, type HeardTurn, only, pieces, type Said, TOKENS } from './words.ts'

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, of a Claude that thinks. */
export const fakeBedrock: FakeVendor = {
  hear(body, faults) {
    only(
      body,
      'messages system inferenceConfig toolConfig guardrailConfig additionalModelRequestFields additionalModelResponseFieldPaths promptVariables requestMetadata performanceConfig serviceTier outputConfig',
      'body',
      faults,
    )
    const inference =
      body.inferenceConfig === undefined
        ? {}
        : only(body.inferenceConfig, 'maxTokens stopSequences temperature topP', 'inferenceConfig', faults)
    const config = body.toolConfig === undefined ? {} : only(body.toolConfig, 'tools toolChoice', 'toolConfig', faults)
    const tools = list(config.tools).map((given) => {
      const spec = only(
        only(given, 'toolSpec cachePoint', 'tools', faults).toolSpec,
        'name description inputSchema strict',
        'toolSpec',
        faults,
      )
      if (fields(fields(spec.inputSchema).json).type !== 'object')
        faults.push('toolSpec.inputSchema.json.type must be object')
      return String(spec.name)
    })
    if (body.toolConfig !== undefined && tools.length === 0) faults.push('toolConfig.tools must have length above 0')
    const thinking = fields(fields(body.additionalModelRequestFields).thinking)
    const thinks = thinking.type === 'enabled'
    if (
      thinks &&
      !(Number(thinking.budget_tokens) >= 1024 && Number(thinking.budget_tokens) < Number(inference.maxTokens))
    )
      faults.push('thinking.budget_tokens must be from 1024 to below max_tokens')
    if (thinks && inference.temperature !== undefined && inference.temperature !== 1)
      faults.push('`temperature` may only be set to 1 when thinking is enabled')
    if (inference.temperature !== undefined && inference.topP !== undefined)
      faults.push('`temperature` and `top_p` cannot both be specified for this model. Please use only one.')
    const forced = fields(fields(config.toolChoice).tool).name
    if (thinks && forced !== undefined) faults.push('Thinking may not be enabled when tool_choice forces tool use.')
    const format = fields(fields(fields(body.outputConfig).textFormat).structure)
    const written = fields(format.jsonSchema).schema
    return {
      system: list(body.system)
        .map((block) => String(fields(block).text))
        .join('\n'),
      turns: conversation(list(body.messages), { thinks, tools }, faults),
      tools,
      thinks,
      ...(typeof written === 'string' && { schema: JSON.parse(written) }),
      ...(forced !== undefined && { forced: String(forced) }),
      ...(isFields(fields(config.toolChoice).any) && tools.length === 1 && { forced: String(tools[0]) }),
    }
  },
  whole: (said) => ({
    output: { message: { role: 'assistant', content: blocks(said) } },
    stopReason: said.calls ? 'tool_use' : 'end_turn',
    usage,
    metrics: { latencyMs: 551 },
  }),
  stream(said) {
    const events: [string, object][] = [
      ['messageStart', { role: 'assistant', p: 'abcdefghijk' }],
      ...blocks(said).flatMap(blockEvents),
      ['messageStop', { stopReason: said.calls ? 'tool_use' : 'end_turn', p: 'ab' }],
      ['metadata', { usage, metrics: { latencyMs: 551 }, p: 'abcd' }],
    ]
    const frames = events.map(([type, body]) =>
      codec.encode({
        headers: {
          ':event-type': { type: 'string', value: type },
          ':content-type': { type: 'string', value: 'application/json' },
          ':message-type': { type: 'string', value: 'event' },
        },
        body: Buffer.from(JSON.stringify(body)),
      }),
    )
    return { type: 'application/vnd.amazon.eventstream', bytes: Buffer.concat(frames) }
  },
  refusal: (message) => ({ message }),
}

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
)

const usage = {
  inputTokens: TOKENS.input - TOKENS.cached,
  outputTokens: TOKENS.output,
  totalTokens: TOKENS.input + TOKENS.output,
  cacheReadInputTokens: TOKENS.cached,
  cacheWriteInputTokens: 0,
}

interface Means {
  readonly thinks: boolean
  readonly tools: readonly string[]
}

function conversation(messages: readonly unknown[], { thinks, tools }: Means, faults: string[]): HeardTurn[] {
  const turns: HeardTurn[] = []
  let open = new Map<unknown, string>()
  if (fields(messages[0]).role !== 'user') faults.push('A conversation must start with a user message.')
  for (const [at, given] of messages.entries()) {
    const where = `messages.${at}`
    const message = only(given, 'role content', where, faults)
    if (message.role === fields(messages[at - 1]).role)
      faults.push(`${where}: roles must alternate between "user" and "assistant"`)
    const made = list(message.content).map((block) =>
      only(block, 'text image document toolUse toolResult reasoningContent cachePoint guardContent', where, faults),
    )
    if (made.length === 0) faults.push(`${where}: The content field is empty.`)
    for (const { text } of made)
      if (typeof text === 'string' && text.trim() === '')
        faults.push(`${where}: The text field in the ContentBlock object is blank.`)
    const calls = made.flatMap(({ toolUse }) =>
      isFields(toolUse) ? [only(toolUse, 'toolUseId name input', where, faults)] : [],
    )
    const results = made.flatMap(({ toolResult }) =>
      isFields(toolResult) ? [only(toolResult, 'toolUseId content status', where, faults)] : [],
    )
    if ((calls.length > 0 || results.length > 0) && tools.length === 0)
      faults.push('The toolConfig field must be defined when using toolUse and toolResult content blocks.')
    if (message.role === 'user' && results.length !== open.size)
      faults.push(
        `${where}: the number of toolResult blocks differs from that of the toolUse blocks of the previous turn`,
      )
    const thoughts = made.flatMap(({ reasoningContent }) => {
      if (reasoningContent === undefined) return []
      const { signature } = only(fields(reasoningContent).reasoningText, 'text signature', where, faults)
      if (signature !== CLAUDES) faults.push(`${where}: Invalid signature in thinking block`)
      return [String(signature)]
    })
    if (thinks && calls.length > 0 && made[0]?.reasoningContent === undefined)
      faults.push(`${where}.content.0.type: Expected \`thinking\``)
    turns.push({
      role: message.role === 'assistant' ? 'model' : results.length > 0 ? 'tool' : 'user',
      text: made.map(({ text }) => (typeof text === 'string' ? text : '')).join(''),
      images: made.flatMap(({ image }) => {
        if (image === undefined) return []
        const { format, source } = only(image, 'format source', where, faults)
        if (format !== 'png') faults.push(`${where}: no picture`)
        return [String(fields(source).bytes)]
      }),
      calls: calls.map(({ name, input }) => ({ name: String(name), args: fields(input) })),
      results: results.map(({ toolUseId, content }) => {
        const name = open.get(toolUseId)
        if (name === undefined) faults.push(`${where}: unexpected toolUseId ${String(toolUseId)}`)
        const text = list(content)
          .map(fields)
          .map((one) => one.text ?? JSON.stringify(one.json))
        return { name: name ?? '', text: text.join('') }
      }),
      thoughts,
    })
    open = new Map(calls.map(({ toolUseId, name }) => [toolUseId, String(name)]))
  }
  return turns
}

function blocks({ thought, text, calls = [] }: Said): Fields[] {
  return [
    ...(thought === undefined ? [] : [{ reasoningContent: { reasoningText: { text: thought, signature: CLAUDES } } }]),
    ...(text === undefined ? [] : [{ text }]),
    ...calls.map(({ name, args }, at) => ({ toolUse: { toolUseId: `tooluse_hbTgdi0CSLq_${at}`, name, input: args } })),
  ]
}

function blockEvents(block: Fields, contentBlockIndex: number): [string, object][] {
  const delta = (said: object): [string, object] => ['contentBlockDelta', { contentBlockIndex, delta: said, p: 'abc' }]
  const { text, toolUse, reasoningContent } = block
  const stop: [string, object] = ['contentBlockStop', { contentBlockIndex, p: 'abcdef' }]
  if (typeof text === 'string') return [...pieces(text).map((piece) => delta({ text: piece })), stop]
  if (reasoningContent !== undefined) {
    const { text: thought, signature } = fields(fields(reasoningContent).reasoningText)
    return [
      ...pieces(String(thought)).map((piece) => delta({ reasoningContent: { text: piece } })),
      delta({ reasoningContent: { signature } }),
      stop,
    ]
  }
  const { input, ...start } = fields(toolUse)
  const written = Object.keys(fields(input)).length === 0 ? [] : pieces(JSON.stringify(input))
  return [
    ['contentBlockStart', { contentBlockIndex, start: { toolUse: start } }],
    ...written.map((piece) => delta({ toolUse: { input: piece } })),
    stop,
  ]
}
