import {
  AIMessage,
  type AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { fields, number, text } from '../../../src/dialects/loose-json.ts'
import type { Client } from './client.ts'

/** `@langchain/openai`, which shows thoughts but never hands them back. */
export const langchain: Client = {
  carries: false,
  async ask(ask, { url, key }) {
    const model = new ChatOpenAI({
      model: ask.model,
      apiKey: key,
      maxRetries: 0,
      maxTokens: 4096,
      streamUsage: true,
      configuration: { baseURL: `${url}/v1` },
      ...(ask.think && { modelKwargs: { reasoning_effort: 'medium' } }),
    })
    const messages: BaseMessage[] = [
      ...(ask.system === undefined ? [] : [new SystemMessage(ask.system)]),
      ...ask.turns.flatMap((turn): BaseMessage[] => {
        if ('answer' in turn) return turn.answer.raw instanceof AIMessage ? [turn.answer.raw] : []
        if ('results' in turn)
          return turn.results.map(({ call, text }) => new ToolMessage({ tool_call_id: call.id, content: text }))
        if (turn.image === undefined) return [new HumanMessage(turn.user)]
        const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${turn.image}` } }
        return [new HumanMessage({ content: [{ type: 'text', text: turn.user }, image] })]
      }),
    ]
    const options = {
      ...(ask.tools && { tools: ask.tools.map((tool) => ({ type: 'function', function: tool })) }),
      ...(ask.schema && {
        response_format: { type: 'json_schema', json_schema: { name: 'shape', schema: ask.schema, strict: true } },
      }),
    }
    const chunks: AIMessageChunk[] = []
    if (ask.stream) for await (const chunk of await model.stream(messages, options as never)) chunks.push(chunk)
    else chunks.push(await model.invoke(messages, options as never))
    const answer = chunks.reduce((all, chunk) => all.concat(chunk))
    const usage = fields(answer.usage_metadata)
    const finish = fields(answer.response_metadata).finish_reason
    const thought = text(answer.additional_kwargs.reasoning_content)
    return {
      text: answer.text,
      calls: (answer.tool_calls ?? []).map(({ id = '', name, args }) => ({ id, name, args })),
      finish: finish === 'tool_calls' ? 'tools' : String(finish),
      input: number(usage.input_tokens),
      output: number(usage.output_tokens),
      cached: number(fields(usage.input_token_details).cache_read) ?? 0,
      reasoning: number(fields(usage.output_token_details).reasoning) ?? 0,
      ...(thought !== undefined && { thought }),
      raw: answer,
    }
  },
}
