import { OpenAI } from '@llamaindex/openai'
import { type Fields, fields, isFields, list, number, parsed } from '../../../src/dialects/loose-json.ts'
import type { Client, ToldCall } from './client.ts'

/** `@llamaindex/openai`, which knows no thoughts. */
export const llamaindex: Client = {
  carries: false,
  async ask(ask, { url, key }) {
    const model = new OpenAI({
      model: ask.model as never,
      apiKey: key,
      baseURL: `${url}/v1`,
      maxRetries: 0,
      maxTokens: 4096,
      temperature: 1,
    })
    const params = {
      messages: [
        ...(ask.system === undefined ? [] : [{ role: 'system', content: ask.system }]),
        ...ask.turns.flatMap((turn): Fields[] => {
          if ('answer' in turn) return [fields(turn.answer.raw)]
          if ('results' in turn)
            return turn.results.map(({ call, text }) => ({
              role: 'user',
              content: text,
              options: { toolResult: { id: call.id, result: text, isError: false } },
            }))
          const image = turn.image && { type: 'image_url', image_url: { url: `data:image/png;base64,${turn.image}` } }
          return [{ role: 'user', content: image ? [{ type: 'text', text: turn.user }, image] : turn.user }]
        }),
      ],
      ...(ask.tools && { tools: ask.tools.map((metadata) => ({ metadata })) }),
      ...(ask.schema && {
        responseFormat: { type: 'json_schema', json_schema: { name: 'shape', schema: ask.schema, strict: true } },
      }),
      additionalChatOptions: {
        ...(ask.think && { reasoning_effort: 'medium' }),
        ...(ask.stream && { stream_options: { include_usage: true } }),
      },
    }
    let said = ''
    let raw: Fields = {}
    let finish: unknown
    const calls = new Map<string, Fields>()
    const hear = (call: unknown) => {
      const made = fields(call)
      const input = typeof made.input === 'string' ? parsed(made.input) : made.input
      if (isFields(input)) calls.set(String(made.id), { ...made, input })
    }
    if (ask.stream)
      for await (const event of (await model.chat({
        ...params,
        stream: true,
      } as never)) as unknown as AsyncIterable<Fields>) {
        said += String(event.delta)
        raw = fields(event.raw).usage ? fields(event.raw) : raw
        finish = fields(list(fields(event.raw).choices)[0]).finish_reason ?? finish
        for (const call of list(fields(event.options).toolCall)) hear(call)
      }
    else {
      const answer = fields(await model.chat(params as never))
      const message = fields(answer.message)
      raw = fields(answer.raw)
      finish = fields(list(raw.choices)[0]).finish_reason
      said = String(message.content)
      for (const call of list(fields(message.options).toolCall)) hear(call)
    }
    const made: ToldCall[] = [...calls.values()].map(({ id, name, input }) => ({
      id: String(id),
      name: String(name),
      args: input,
    }))
    const usage = fields(raw.usage)
    return {
      text: said,
      calls: made,
      finish: finish === 'tool_calls' ? 'tools' : String(finish),
      input: number(usage.prompt_tokens),
      output: number(usage.completion_tokens),
      cached: number(fields(usage.prompt_tokens_details).cached_tokens) ?? 0,
      raw: {
        role: 'assistant',
        content: said,
        ...(made.length > 0 && { options: { toolCall: [...calls.values()] } }),
      },
    }
  },
}
