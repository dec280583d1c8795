import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, jsonSchema, type LanguageModel, Output, streamText, tool } from 'ai'
import { type Fields, fields, list, number, text } from '../../../src/dialects/loose-json.ts'
import type { Client, Told } from './client.ts'

interface At {
  readonly url: string
  readonly key: string
}

/** Vercel's `ai`: the messages of an answer go back whole. */
function aiClient(
  carries: boolean,
  modelAt: (model: string, at: At) => LanguageModel,
  thinking: Fields,
  always: Fields = {},
): Client {
  return {
    carries,
    async ask(ask, at) {
      const options = {
        model: modelAt(ask.model, at),
        maxRetries: 0,
        maxOutputTokens: 4096,
        ...(ask.system !== undefined && { system: ask.system }),
        messages: ask.turns.flatMap((turn): Fields[] => {
          if ('answer' in turn) return list(turn.answer.raw).map(fields)
          if ('results' in turn)
            return [
              {
                role: 'tool',
                content: turn.results.map(({ call, text: value }) => ({
                  type: 'tool-result',
                  toolCallId: call.id,
                  toolName: call.name,
                  output: { type: 'text', value },
                })),
              },
            ]
          const image = turn.image === undefined ? [] : [{ type: 'file', mediaType: 'image/png', data: turn.image }]
          return [{ role: 'user', content: [{ type: 'text', text: turn.user }, ...image] }]
        }),
        ...(ask.tools && {
          tools: Object.fromEntries(
            ask.tools.map(({ name, description, parameters }) => [
              name,
              tool({ description, inputSchema: jsonSchema(parameters) }),
            ]),
          ),
        }),
        ...(ask.schema && { output: Output.object({ schema: jsonSchema(ask.schema) }) }),
        providerOptions: ask.think ? { ...always, ...thinking } : always,
      }
      let failed: unknown
      const streamed = ask.stream
        ? streamText({
            ...options,
            onError: ({ error }: { error: unknown }) => {
              failed = error
            },
          } as never)
        : undefined
      if (streamed) await streamed.consumeStream()
      if (failed) throw failed
      const made = streamed ?? (await generateText(options as never))
      const usage = fields(await made.totalUsage)
      const finish = await made.finishReason
      const thought = await made.reasoningText
      const told: Told = {
        text: await made.text,
        calls: (await made.toolCalls).map(({ toolCallId, toolName, input }) => ({
          id: toolCallId,
          name: toolName,
          args: input,
        })),
        finish: finish === 'tool-calls' ? 'tools' : finish,
        input: number(usage.inputTokens),
        output: number(usage.outputTokens),
        cached: number(fields(usage.inputTokenDetails).cacheReadTokens) ?? 0,
        ...(text(thought) !== undefined && { thought: String(thought) }),
        raw: (await made.response).messages,
      }
      return told
    },
  }
}

export const aiOpenaiChat = aiClient(
  false,
  (model, { url, key }) => createOpenAI({ apiKey: key, baseURL: `${url}/v1` }).chat(model),
  { openai: { reasoningEffort: 'medium', forceReasoning: true } },
)

export const aiOpenaiResponses = aiClient(
  true,
  (model, { url, key }) => createOpenAI({ apiKey: key, baseURL: `${url}/v1` }).responses(model),
  {
    openai: {
      store: false,
      forceReasoning: true,
      reasoningEffort: 'medium',
      include: ['reasoning.encrypted_content'],
    },
  },
  { openai: { store: false } },
)

const anthropic = aiClient(
  true,
  (model, { url, key }) => createAnthropic({ apiKey: key, baseURL: `${url}/v1` })(model),
  { anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } } },
)

export const aiAnthropic: Client = { ...anthropic, forces: true, dropsOnCalls: true }

export const aiGoogle = aiClient(
  true,
  (model, { url, key }) => createGoogleGenerativeAI({ apiKey: key, baseURL: `${url}/v1beta` })(model),
  { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } } },
)
