import { GoogleGenAI } from '@google/genai'
import { type Fields, fields, list, number, text } from '../../../src/dialects/loose-json.ts'
import type { Client } from './client.ts'

/** `@google/genai`: an answer's contents go back whole, each event of a stream as a turn, as its own chats keep them. */
export const google: Client = {
  carries: true,
  async ask(ask, { url, key }) {
    const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } })
    const body = {
      model: ask.model,
      contents: ask.turns.flatMap((turn): Fields[] => {
        if ('answer' in turn) return list(turn.answer.raw).map(fields)
        if ('results' in turn)
          return [
            {
              role: 'user',
              parts: turn.results.map(({ call: { id, name }, text: output }) => ({
                functionResponse: { ...(id !== '' && { id }), name, response: { output } },
              })),
            },
          ]
        const image = turn.image === undefined ? [] : [{ inlineData: { mimeType: 'image/png', data: turn.image } }]
        return [{ role: 'user', parts: [{ text: turn.user }, ...image] }]
      }),
      config: {
        maxOutputTokens: 4096,
        ...(ask.system !== undefined && { systemInstruction: ask.system }),
        ...(ask.tools && {
          tools: [
            {
              functionDeclarations: ask.tools.map(({ parameters, ...tool }) => ({
                ...tool,
                parametersJsonSchema: parameters,
              })),
            },
          ],
        }),
        ...(ask.schema && { responseMimeType: 'application/json', responseJsonSchema: ask.schema }),
        ...(ask.think && { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } }),
      },
    }
    const events: Fields[] = []
    if (ask.stream)
      for await (const event of await client.models.generateContentStream(body as never)) events.push(fields(event))
    else events.push(fields(await client.models.generateContent(body as never)))
    const candidates = events.flatMap(({ candidates }) => list(candidates).map(fields))
    const contents = candidates.flatMap(({ content }) => (list(fields(content).parts).length > 0 ? [content] : []))
    const parts = contents.flatMap((content) => list(fields(content).parts).map(fields))
    const usage = fields(events.findLast(({ usageMetadata }) => usageMetadata !== undefined)?.usageMetadata)
    const calls = parts
      .filter(({ functionCall }) => functionCall !== undefined)
      .map((part) => fields(part.functionCall))
    const thought = parts.map((part) => (part.thought === true ? (text(part.text) ?? '') : '')).join('')
    const finish = candidates.flatMap(({ finishReason }) => text(finishReason) ?? [])
    return {
      text: parts.map((part) => (part.thought === true ? '' : (text(part.text) ?? ''))).join(''),
      calls: calls.map(({ id, name, args }) => ({ id: text(id) ?? '', name: String(name), args })),
      finish: finish.join() === 'STOP' ? (calls.length > 0 ? 'tools' : 'stop') : finish.join(),
      input: number(usage.promptTokenCount),
      output: (number(usage.candidatesTokenCount) ?? 0) + (number(usage.thoughtsTokenCount) ?? 0),
      cached: number(usage.cachedContentTokenCount) ?? 0,
      reasoning: number(usage.thoughtsTokenCount) ?? 0,
      ...(thought !== '' && { thought }),
      raw: contents,
    }
  },
}
