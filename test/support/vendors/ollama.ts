import { fields, isFields, list } from '../../../src/dialects/loose-json.ts'
import { type FakeVendor, type HeardTurn, only, pieces, type Said, TOKENS } from './words.ts'

/** https://docs.ollama.com/api/chat. Go reads JSON leniently, but every known field must have its type. */
export const fakeOllama: FakeVendor = {
  hear(body, faults) {
    only(body, 'model messages tools think format options stream keep_alive logprobs top_logprobs', 'body', faults)
    const turns: HeardTurn[] = []
    const system: string[] = []
    let named: string[] = []
    for (const [at, given] of list(body.messages).entries()) {
      const where = `messages[${at}]`
      const message = only(given, 'role content thinking images tool_calls tool_name tool_call_id', where, faults)
      if (typeof message.content !== 'string' && message.content !== undefined)
        faults.push(`${where}.content must be a string`)
      const text = String(message.content ?? '')
      const calls = list(message.tool_calls).map((call) => {
        const made = fields(fields(call).function)
        if (!isFields(made.arguments)) faults.push(`${where}: cannot unmarshal string into arguments`)
        return { name: String(made.name), args: fields(made.arguments) }
      })
      if (message.role === 'system') system.push(text)
      else if (message.role === 'tool') {
        const name = named.shift() ?? ''
        if (message.tool_name !== name)
          faults.push(`${where}.tool_name is "${String(message.tool_name)}", not "${name}"`)
        turns.push({ role: 'tool', text: '', images: [], calls: [], thoughts: [], results: [{ name, text }] })
      } else if (message.role === 'user' || message.role === 'assistant') {
        if (calls.length > 0) named = calls.map(({ name }) => name)
        turns.push({
          role: message.role === 'user' ? 'user' : 'model',
          text,
          images: list(message.images).map(String),
          calls,
          results: [],
          thoughts: typeof message.thinking === 'string' ? [message.thinking] : [],
        })
      } else faults.push(`${where}.role "${String(message.role)}" is invalid`)
    }
    return {
      system: system.join('\n'),
      turns,
      tools: list(body.tools).map((tool) => String(fields(fields(tool).function).name)),
      thinks: body.think !== undefined && body.think !== false,
      ...(isFields(body.format) && { schema: body.format }),
    }
  },
  whole: (said) => ({ ...head, message: message(said), ...end }),
  stream(said) {
    const event = (spoken: object) => ({ ...head, message: { role: 'assistant', content: '', ...spoken }, done: false })
    const lines = [
      ...pieces(said.thought ?? '').map((thinking) => event({ thinking })),
      ...pieces(said.text ?? '').map((content) => event({ content })),
      ...(said.calls ?? []).map((call, index) => event({ tool_calls: [toolCall(call, index)] })),
      { ...head, message: { role: 'assistant', content: '' }, ...end },
    ]
    return {
      type: 'application/x-ndjson',
      bytes: Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
    }
  },
  refusal: (error) => ({ error }),
}

const head = { model: 'qwen3', created_at: '2025-10-17T23:14:07.414671Z' }
const end = {
  done: true,
  done_reason: 'stop',
  total_duration: 174_560_334,
  load_duration: 101_397_084,
  prompt_eval_count: TOKENS.input,
  prompt_eval_duration: 13_074_791,
  eval_count: TOKENS.output,
  eval_duration: 52_479_709,
}

function message({ text = '', thought, calls }: Said): object {
  return {
    role: 'assistant',
    content: text,
    ...(thought !== undefined && { thinking: thought }),
    ...(calls && { tool_calls: calls.map(toolCall) }),
  }
}

function toolCall({ name, args }: NonNullable<Said['calls']>[number], index: number): object {
  return { function: { index, name, arguments: args } }
}
