// The pieces that requests are made of, in the words of each dialect.

export const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
export const png = 'iVBORw0KGgo='
export const pngUrl = `data:image/png;base64,${png}`
export const pdf = 'JVBERi0xLjQ='
export const pdfUrl = `data:application/pdf;base64,${pdf}`
export const wav = 'UklGRg=='

export const parts = {
  openai: (...parts: object[]) => ({ messages: [{ role: 'user', content: parts }] }),
  anthropic: (...blocks: object[]) => ({ messages: [{ role: 'user', content: blocks }] }),
  responses: (...parts: object[]) => ({ input: [{ type: 'message', role: 'user', content: parts }] }),
  gemini: (...parts: object[]) => ({ contents: [{ role: 'user', parts }] }),
}
export const toolOf = {
  openai: [{ type: 'function', function: { name: 'weather', description: 'd', parameters: schema } }],
  anthropic: [{ name: 'weather', description: 'd', input_schema: schema }],
  responses: [{ type: 'function', name: 'weather', description: 'd', parameters: schema, strict: false }],
  gemini: [{ functionDeclarations: [{ name: 'weather', description: 'd', parametersJsonSchema: schema }] }],
}
export const chosen = (openai: unknown, anthropic: object, gemini: object) => ({
  openai: { tools: toolOf.openai, tool_choice: openai },
  anthropic: { tools: toolOf.anthropic, tool_choice: anthropic },
  responses: {
    tools: toolOf.responses,
    tool_choice: typeof openai === 'string' ? openai : { type: 'function', name: 'weather' },
  },
  gemini: { tools: toolOf.gemini, toolConfig: { functionCallingConfig: gemini } },
})
export const named = { type: 'function', function: { name: 'weather' } }

/** The same for all who have only OpenAI's older words. */
export function older<T>(what: T): Readonly<Record<string, T>> {
  const families = [
    ...(['mistral', 'groq', 'deepseek', 'xai', 'together_ai', 'fireworks_ai', 'perplexity', 'cerebras'] as const),
    ...(['hosted_vllm', 'huggingface', 'cohere'] as const),
  ]
  return Object.fromEntries(families.map((family) => [family, what]))
}
