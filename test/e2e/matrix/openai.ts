import OpenAI from 'openai'
import { type Fields, fields, list, number, parsed, text } from '../../../src/dialects/loose-json.ts'
import type { Ask, Client, Told } from './client.ts'

const sdk = ({ url, key }: { url: string; key: string }) =>
  new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 })

/** `openai`, by chat completions. An answer's message goes back whole, as OpenAI's guides show. */
export const openaiChat: Client = {
  carries: true,
  async ask(ask, at) {
    const body = chatBody(ask)
    if (!ask.stream) {
      const answer = await sdk(at).chat.completions.create(body as never)
      return toldOfChat(fields(answer))
    }
    const runner = sdk(at).chat.completions.stream({ ...body, stream_options: { include_usage: true } } as never)
    // The SDK's own accumulation, beside which its users keep what it does not know.
    const kept: Fields[] = []
    runner.on('chunk', (chunk) => kept.push(fields(chunk)))
    return toldOfChat(withKept(fields(await runner.finalChatCompletion()), kept))
  },
}

export function chatBody({ model, system, turns, tools, schema, think }: Ask): Fields {
  return {
    model,
    max_completion_tokens: 4096,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...turns.flatMap((turn): Fields[] => {
        if ('results' in turn)
          return turn.results.map(({ call, text }) => ({ role: 'tool', tool_call_id: call.id, content: text }))
        if ('answer' in turn) return [fields(turn.answer.raw)]
        const image = turn.image && { type: 'image_url', image_url: { url: `data:image/png;base64,${turn.image}` } }
        return [{ role: 'user', content: image ? [{ type: 'text', text: turn.user }, image] : turn.user }]
      }),
    ],
    ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'shape', schema, strict: true } } }),
    ...(think && { reasoning_effort: 'medium' }),
  }
}

function toldOfChat(answer: Fields): Told {
  const choice = fields(list(answer.choices)[0])
  const message = fields(choice.message)
  const usage = fields(answer.usage)
  const thought = text(message.reasoning_content)
  const { parsed: _, ...raw } = message
  return {
    text: text(message.content) ?? '',
    calls: list(message.tool_calls).map((one) => {
      const { id, function: made } = fields(one)
      return { id: String(id), name: String(fields(made).name), args: parsed(String(fields(made).arguments)) }
    }),
    finish: choice.finish_reason === 'tool_calls' ? 'tools' : String(choice.finish_reason),
    input: number(usage.prompt_tokens),
    output: number(usage.completion_tokens),
    cached: number(fields(usage.prompt_tokens_details).cached_tokens),
    reasoning: number(fields(usage.completion_tokens_details).reasoning_tokens),
    ...(thought !== undefined && { thought }),
    raw,
  }
}

/** Thoughts and what calls carry, put together again as LiteLLM's documentation tells its users to. */
function withKept(answer: Fields, chunks: readonly Fields[]): Fields {
  const deltas = chunks.flatMap(({ choices }) => list(choices).map((choice) => fields(fields(choice).delta)))
  const pieces = deltas.flatMap(({ thinking_blocks }) => list(thinking_blocks).map(fields))
  const reasoning = deltas.map(({ reasoning_content }) => text(reasoning_content) ?? '').join('')
  const signature = pieces.flatMap((piece) => text(piece.signature) ?? [])[0]
  const thinking = pieces.map((piece) => text(piece.thinking) ?? '').join('')
  const asides = Object.assign({}, ...deltas.map(({ provider_specific_fields }) => fields(provider_specific_fields)))
  const ofCalls = deltas.flatMap(({ tool_calls }) => list(tool_calls).map(fields))
  const [choice, ...others] = list(answer.choices).map(fields)
  const message = fields(choice?.message)
  const calls = list(message.tool_calls).map((call, index) => {
    const aside = ofCalls.find((one) => one.index === index && one.provider_specific_fields !== undefined)
    const { index: _, parsed_arguments: __, ...own } = fields(call)
    const { parsed_arguments: ___, ...made } = fields(own.function)
    const plain = { ...own, function: made }
    return aside ? { ...plain, provider_specific_fields: aside.provider_specific_fields } : plain
  })
  return {
    ...answer,
    choices: [
      {
        ...choice,
        message: {
          ...message,
          ...(calls.length > 0 && { tool_calls: calls }),
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(pieces.length > 0 && { thinking_blocks: [{ type: 'thinking', thinking, signature }] }),
          ...(Object.keys(asides).length > 0 && { provider_specific_fields: asides }),
        },
      },
      ...others,
    ],
  }
}

/** `openai`, by Responses without keeping anything there: all items of an answer go back. */
export const openaiResponses: Client = {
  carries: true,
  async ask(ask, at) {
    const body = {
      model: ask.model,
      max_output_tokens: 4096,
      store: false,
      ...(ask.system !== undefined && { instructions: ask.system }),
      input: ask.turns.flatMap((turn): Fields[] => {
        if ('results' in turn)
          return turn.results.map(({ call, text }) => ({
            type: 'function_call_output',
            call_id: call.id,
            output: text,
          }))
        if ('answer' in turn) return list(turn.answer.raw).map(fields)
        const image = turn.image && {
          type: 'input_image',
          detail: 'auto',
          image_url: `data:image/png;base64,${turn.image}`,
        }
        return [{ role: 'user', content: image ? [{ type: 'input_text', text: turn.user }, image] : turn.user }]
      }),
      ...(ask.tools && { tools: ask.tools.map((tool) => ({ type: 'function', strict: false, ...tool })) }),
      ...(ask.schema && { text: { format: { type: 'json_schema', name: 'shape', schema: ask.schema, strict: true } } }),
      ...(ask.think && { reasoning: { effort: 'medium' }, include: ['reasoning.encrypted_content'] }),
    }
    const answer = ask.stream
      ? await sdk(at)
          .responses.stream(body as never)
          .finalResponse()
      : await sdk(at).responses.create(body as never)
    return toldOfResponse(fields(answer))
  },
}

function toldOfResponse(answer: Fields): Told {
  const items = list(answer.output).map(fields)
  const calls = items.filter(({ type }) => type === 'function_call')
  const usage = fields(answer.usage)
  const thought = items
    .flatMap(({ type, summary }) => (type === 'reasoning' ? list(summary) : []))
    .map((part) => text(fields(part).text) ?? '')
    .join('')
  const raw = items.map(({ parsed_arguments: _, ...item }) => {
    if (item.type !== 'message') return item
    return { ...item, content: list(item.content).map((part) => without(fields(part), 'parsed')) }
  })
  return {
    text: text(answer.output_text) ?? '',
    calls: calls.map(({ call_id, name, arguments: written }) => ({
      id: String(call_id),
      name: String(name),
      args: parsed(String(written)),
    })),
    finish: answer.status !== 'completed' ? String(answer.status) : calls.length > 0 ? 'tools' : 'stop',
    input: number(usage.input_tokens),
    output: number(usage.output_tokens),
    cached: number(fields(usage.input_tokens_details).cached_tokens),
    reasoning: number(fields(usage.output_tokens_details).reasoning_tokens),
    ...(thought !== '' && { thought }),
    raw,
  }
}

function without(part: Fields, name: string): Fields {
  return Object.fromEntries(Object.entries(part).filter(([key]) => key !== name))
}
