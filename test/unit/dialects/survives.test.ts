import { describe, expect, it } from 'vitest'
import { parseMessages } from '../../../src/dialects/anthropic-request.ts'
import { parseGenerate } from '../../../src/dialects/gemini-request.ts'
import { type Fields, fields } from '../../../src/dialects/loose-json.ts'
import { parseResponses } from '../../../src/dialects/responses-request.ts'
import { anthropic } from '../../../src/providers/anthropic.ts'
import { gemini } from '../../../src/providers/gemini.ts'
import { openaiResponses } from '../../../src/providers/openai-responses.ts'
import type { Target } from '../../../src/providers/provider.ts'

// A request that has everything, through canonical chat and back into its own dialect: nothing is lost on the way.

const target = (model: string): Target => ({ model, apiKey: 'sk', extraHeaders: {}, params: {} })
const bodyOf = ({ body }: { readonly body: string }): Fields => JSON.parse(body)
const schema = {
  type: 'object',
  properties: { city: { type: 'string', enum: ['Bonn', 'Köln'] }, days: { type: 'integer' } },
  required: ['city'],
  additionalProperties: false,
}
const png = 'iVBORw0KGgo='

describe('a request that has everything', () => {
  it("survives in Anthropic's dialect", () => {
    const model = 'claude-sonnet-4-5-20250929'
    const signature = 'EqQBCkYIARgCKkAxY2xhdWRlLXNpZ25hdHVyZQ=='
    const asked = {
      model,
      max_tokens: 9000,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look.' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
            { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
            {
              type: 'document',
              source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' },
              title: 'a.pdf',
              citations: { enabled: true },
            },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature },
            { type: 'redacted_thinking', data: 'sealed==' },
            { type: 'text', text: 'Let me see.' },
            { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bonn' } },
            { type: 'tool_use', id: 'toolu_2', name: 'clock', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              content: [
                { type: 'text', text: 'Sunny' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
              ],
              cache_control: { type: 'ephemeral' },
            },
            { type: 'tool_result', tool_use_id: 'toolu_2', content: 'No clock', is_error: true },
            { type: 'text', text: 'Well?' },
          ],
        },
      ],
      tools: [
        { name: 'weather', description: 'd', input_schema: schema, strict: true, cache_control: { type: 'ephemeral' } },
        { name: 'clock', input_schema: { type: 'object', properties: {} } },
        { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      thinking: { type: 'enabled', budget_tokens: 4000 },
      output_config: { format: { type: 'json_schema', schema } },
      stop_sequences: ['END'],
      metadata: { user_id: 'u-1' },
      service_tier: 'standard_only',
    }
    const sent = bodyOf(anthropic.chat(parseMessages(asked), target(model)))
    const { messages, tools, ...rest } = asked
    expect(sent).toMatchObject(rest)
    expect(sent.messages).toMatchObject(messages)
    expect(sent.tools).toMatchObject(tools)
  })

  it("survives in OpenAI's Responses", () => {
    const input = [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Look.' },
          { type: 'input_image', detail: 'high', image_url: `data:image/png;base64,${png}` },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' },
        ],
      },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAAA=' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Let me see.' }] },
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Bonn"}' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'sql', input: 'select 1' },
      { type: 'function_call_output', call_id: 'call_1', output: 'Sunny' },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: '1' },
    ]
    const asked = {
      model: 'gpt-5',
      instructions: 'Be brief.',
      input,
      max_output_tokens: 9000,
      reasoning: { effort: 'low', summary: 'auto' },
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'shape', schema, strict: true } },
      tools: [
        { type: 'function', name: 'weather', description: 'd', parameters: schema, strict: true },
        { type: 'custom', name: 'sql', format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' } },
        { type: 'web_search', search_context_size: 'low' },
      ],
      tool_choice: { type: 'function', name: 'weather' },
      parallel_tool_calls: false,
      service_tier: 'flex',
      top_p: 0.9,
      prompt_cache_key: 'k',
      safety_identifier: 's',
      truncation: 'auto',
      user: 'u-1',
    }
    const sent = bodyOf(openaiResponses.chat(parseResponses(asked), target('gpt-5')))
    const { instructions, input: _, ...rest } = asked
    expect(sent).toMatchObject(rest)
    const [system, ...items] = sent.input as Fields[]
    expect(JSON.stringify(system)).toContain(instructions)
    expect(items).toMatchObject(input)
  })

  it("survives in Gemini's dialect", () => {
    const model = 'gemini-2.5-flash'
    const asked = {
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'Look.' },
            { inlineData: { mimeType: 'image/png', data: png } },
            { inlineData: { mimeType: 'application/pdf', data: 'JVBERg==' } },
            { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
          ],
        },
        {
          role: 'model',
          parts: [
            { text: 'hm', thought: true, thoughtSignature: 'CqYBAdHtim9abc=' },
            { text: 'Let me see.' },
            {
              functionCall: { id: 'c1', name: 'weather', args: { city: 'Bonn' } },
              thoughtSignature: 'CqYBAdHtim9def=',
            },
            { functionCall: { id: 'c2', name: 'clock', args: {} } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { id: 'c1', name: 'weather', response: { output: 'Sunny' } } },
            { functionResponse: { id: 'c2', name: 'clock', response: { error: 'No clock' } } },
          ],
        },
      ],
      tools: [{ functionDeclarations: [{ name: 'weather', description: 'd', parametersJsonSchema: schema }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      generationConfig: {
        temperature: 0.5,
        topP: 0.9,
        topK: 3,
        seed: 7,
        maxOutputTokens: 900,
        stopSequences: ['END'],
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        thinkingConfig: { includeThoughts: true, thinkingBudget: 500 },
        responseMimeType: 'application/json',
        responseJsonSchema: schema,
      },
    }
    const sent = bodyOf(gemini.chat(parseGenerate(asked, { model }), target(model)))
    const { tools, ...rest } = asked
    expect(sent).toMatchObject(rest)
    expect(fields((sent.tools as Fields[])[0]).functionDeclarations).toMatchObject([
      { name: 'weather', description: 'd' },
    ])
    expect(tools).toHaveLength(1)
  })
})
