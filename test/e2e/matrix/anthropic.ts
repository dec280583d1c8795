import Anthropic from '@anthropic-ai/sdk'
import { type Fields, fields, list, number, text } from '../../../src/dialects/loose-json.ts'
import type { Client } from './client.ts'

/** `@anthropic-ai/sdk`: an answer's blocks go back whole. */
export const anthropic: Client = {
  carries: true,
  async ask(ask, { url, key }) {
    const client = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 })
    const body = {
      model: ask.model,
      max_tokens: 4096,
      ...(ask.system !== undefined && { system: ask.system }),
      messages: ask.turns.map((turn): Fields => {
        if ('answer' in turn) return { role: 'assistant', content: turn.answer.raw }
        if ('results' in turn)
          return {
            role: 'user',
            content: turn.results.map(({ call, text }) => ({
              type: 'tool_result',
              tool_use_id: call.id,
              content: text,
            })),
          }
        const source = { type: 'base64', media_type: 'image/png', data: turn.image }
        const image = turn.image === undefined ? [] : [{ type: 'image', source }]
        return { role: 'user', content: [...image, { type: 'text', text: turn.user }] }
      }),
      ...(ask.tools && {
        tools: ask.tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
      }),
      ...(ask.schema && { output_config: { format: { type: 'json_schema', schema: ask.schema } } }),
      ...(ask.think && { thinking: { type: 'enabled', budget_tokens: 2048 } }),
    }
    const answer = fields(
      ask.stream
        ? await client.messages.stream(body as never).finalMessage()
        : await client.messages.create(body as never),
    )
    const blocks = list(answer.content).map(fields)
    const usage = fields(answer.usage)
    const thought = blocks.map(({ thinking }) => text(thinking) ?? '').join('')
    const cached = number(usage.cache_read_input_tokens) ?? 0
    return {
      text: blocks.map((block) => (block.type === 'text' ? (text(block.text) ?? '') : '')).join(''),
      calls: blocks
        .filter(({ type }) => type === 'tool_use')
        .map(({ id, name, input }) => ({ id: String(id), name: String(name), args: input })),
      finish: { tool_use: 'tools', end_turn: 'stop' }[String(answer.stop_reason)] ?? String(answer.stop_reason),
      input: (number(usage.input_tokens) ?? 0) + cached + (number(usage.cache_creation_input_tokens) ?? 0),
      output: number(usage.output_tokens),
      cached,
      ...(thought !== '' && { thought }),
      raw: answer.content,
    }
  },
}
