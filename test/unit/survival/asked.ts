/** Something that a caller can say, in the words of each dialect that has them: what is added to the smallest request. */
export interface Asked {
  readonly what: string
  readonly in: Readonly<Partial<Record<'openai' | 'anthropic' | 'responses' | 'gemini', object>>>
  /** Where each vendor's reference puts it: found anywhere in the body. A vendor not named here is not asked. */
  readonly arrives: Readonly<Partial<Record<Family, object | readonly object[]>>>
  /** Vendors that have no word for it, and the name that their refusal gives it. */
  readonly refused?: Readonly<Partial<Record<Family, string>>>
}

export type Family = 'openai' | 'responses' | 'anthropic' | 'gemini' | 'bedrock' | 'ollama' | 'mistral' | 'openrouter'

export const models: Readonly<Record<Family, string>> = {
  openai: 'openai/gpt-5',
  responses: 'openai/responses/gpt-5',
  anthropic: 'anthropic/claude-sonnet-4-5-20250929',
  gemini: 'gemini/gemini-2.5-flash',
  bedrock: 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
  ollama: 'ollama/qwen3',
  mistral: 'mistral/mistral-medium-latest',
  openrouter: 'openrouter/anthropic/claude-sonnet-4.5',
}

export const smallest = {
  openai: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  anthropic: { model: 'm', max_tokens: 9000, messages: [{ role: 'user', content: 'Hi' }] },
  responses: { model: 'm', input: [{ type: 'message', role: 'user', content: 'Hi' }] },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
}

const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
const png = 'iVBORw0KGgo='
const pngUrl = `data:image/png;base64,${png}`
const pdf = 'JVBERi0xLjQ='
const pdfUrl = `data:application/pdf;base64,${pdf}`
const wav = 'UklGRg=='

const content = {
  openai: (...parts: object[]) => ({ messages: [{ role: 'user', content: parts }] }),
  anthropic: (...blocks: object[]) => ({ messages: [{ role: 'user', content: blocks }] }),
  responses: (...parts: object[]) => ({ input: [{ type: 'message', role: 'user', content: parts }] }),
  gemini: (...parts: object[]) => ({ contents: [{ role: 'user', parts }] }),
}
const tools = {
  openai: [{ type: 'function', function: { name: 'weather', description: 'd', parameters: schema } }],
  anthropic: [{ name: 'weather', description: 'd', input_schema: schema }],
  responses: [{ type: 'function', name: 'weather', description: 'd', parameters: schema, strict: false }],
  gemini: [{ functionDeclarations: [{ name: 'weather', description: 'd', parametersJsonSchema: schema }] }],
}
const chosen = (openai: unknown, anthropic: object, gemini: object) => ({
  openai: { tools: tools.openai, tool_choice: openai },
  anthropic: { tools: tools.anthropic, tool_choice: anthropic },
  responses: {
    tools: tools.responses,
    tool_choice: typeof openai === 'string' ? openai : { type: 'function', name: 'weather' },
  },
  gemini: { tools: tools.gemini, toolConfig: { functionCallingConfig: gemini } },
})
const named = { type: 'function', function: { name: 'weather' } }

export const all: readonly Asked[] = [
  {
    what: 'a system prompt',
    in: {
      openai: { messages: [{ role: 'system', content: 'Be brief.' }, ...smallest.openai.messages] },
      anthropic: { system: 'Be brief.' },
      responses: { instructions: 'Be brief.' },
      gemini: { systemInstruction: { parts: [{ text: 'Be brief.' }] } },
    },
    arrives: {
      openai: { role: 'system', content: 'Be brief.' },
      anthropic: { system: [{ type: 'text', text: 'Be brief.' }] },
      gemini: { systemInstruction: { parts: [{ text: 'Be brief.' }] } },
      bedrock: { system: [{ text: 'Be brief.' }] },
      ollama: { role: 'system', content: 'Be brief.' },
      mistral: { role: 'system', content: 'Be brief.' },
    },
  },
  {
    what: 'a picture',
    in: {
      openai: content.openai({ type: 'image_url', image_url: { url: pngUrl } }),
      anthropic: content.anthropic({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }),
      responses: content.responses({ type: 'input_image', image_url: pngUrl, detail: 'auto' }),
      gemini: content.gemini({ inlineData: { mimeType: 'image/png', data: png } }),
    },
    arrives: {
      openai: { type: 'image_url', image_url: { url: pngUrl } },
      responses: { type: 'input_image', image_url: pngUrl },
      anthropic: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
      gemini: { inlineData: { mimeType: 'image/png', data: png } },
      bedrock: { image: { format: 'png', source: { bytes: png } } },
      ollama: { images: [png] },
      mistral: { type: 'image_url', image_url: { url: pngUrl } },
    },
  },
  {
    what: 'a picture by its address',
    in: {
      openai: content.openai({ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }),
      anthropic: content.anthropic({ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }),
      responses: content.responses({ type: 'input_image', image_url: 'https://x.test/a.png', detail: 'auto' }),
    },
    arrives: {
      openai: { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
      responses: { type: 'input_image', image_url: 'https://x.test/a.png' },
      anthropic: { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    },
  },
  {
    what: 'a PDF',
    in: {
      openai: content.openai({ type: 'file', file: { filename: 'a.pdf', file_data: pdfUrl } }),
      anthropic: content.anthropic({
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: pdf },
        title: 'a.pdf',
      }),
      responses: content.responses({ type: 'input_file', filename: 'a.pdf', file_data: pdfUrl }),
      gemini: content.gemini({ inlineData: { mimeType: 'application/pdf', data: pdf } }),
    },
    arrives: {
      openai: { type: 'file', file: { file_data: pdfUrl } },
      responses: { type: 'input_file', file_data: pdfUrl },
      anthropic: { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
      gemini: { inlineData: { mimeType: 'application/pdf', data: pdf } },
      bedrock: { document: { format: 'pdf', source: { bytes: pdf } } },
    },
  },
  {
    what: 'sound',
    in: {
      openai: content.openai({ type: 'input_audio', input_audio: { data: wav, format: 'wav' } }),
      gemini: content.gemini({ inlineData: { mimeType: 'audio/wav', data: wav } }),
    },
    arrives: {
      openai: { type: 'input_audio', input_audio: { data: wav, format: 'wav' } },
      gemini: { inlineData: { mimeType: 'audio/wav', data: wav } },
    },
    refused: { anthropic: 'messages[0].content[0]' },
  },
  {
    what: 'a tool',
    in: {
      openai: { tools: tools.openai },
      anthropic: { tools: tools.anthropic },
      responses: { tools: tools.responses },
      gemini: { tools: tools.gemini },
    },
    arrives: {
      openai: { type: 'function', function: { name: 'weather', description: 'd', parameters: schema } },
      responses: { type: 'function', name: 'weather', description: 'd', parameters: schema },
      anthropic: { name: 'weather', description: 'd', input_schema: schema },
      gemini: { functionDeclarations: [{ name: 'weather', description: 'd' }] },
      bedrock: { toolSpec: { name: 'weather', description: 'd', inputSchema: { json: schema } } },
      ollama: { type: 'function', function: { name: 'weather', description: 'd', parameters: schema } },
      mistral: { type: 'function', function: { name: 'weather', description: 'd', parameters: schema } },
    },
  },
  {
    what: 'a tool that must be called',
    in: chosen(named, { type: 'tool', name: 'weather' }, { mode: 'ANY', allowedFunctionNames: ['weather'] }),
    arrives: {
      openai: { tool_choice: named },
      responses: { tool_choice: { type: 'function', name: 'weather' } },
      anthropic: { tool_choice: { type: 'tool', name: 'weather' } },
      gemini: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
      bedrock: { toolChoice: { tool: { name: 'weather' } } },
      mistral: { tool_choice: named },
    },
    refused: { ollama: 'tool_choice' },
  },
  {
    what: 'any tool that must be called',
    in: chosen('required', { type: 'any' }, { mode: 'ANY' }),
    arrives: {
      openai: { tool_choice: 'required' },
      responses: { tool_choice: 'required' },
      anthropic: { tool_choice: { type: 'any' } },
      gemini: { functionCallingConfig: { mode: 'ANY' } },
      bedrock: { toolChoice: { any: {} } },
    },
    refused: { ollama: 'tool_choice' },
  },
  {
    what: 'no tool that may be called',
    in: chosen('none', { type: 'none' }, { mode: 'NONE' }),
    arrives: {
      openai: { tool_choice: 'none' },
      responses: { tool_choice: 'none' },
      anthropic: { tool_choice: { type: 'none' } },
      gemini: { functionCallingConfig: { mode: 'NONE' } },
      mistral: { tool_choice: 'none' },
    },
  },
  {
    what: 'the shape of the answer',
    in: {
      openai: { response_format: { type: 'json_schema', json_schema: { name: 'shape', schema, strict: true } } },
      anthropic: { output_config: { format: { type: 'json_schema', schema } } },
      responses: { text: { format: { type: 'json_schema', name: 'shape', schema, strict: true } } },
      gemini: { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } },
    },
    arrives: {
      openai: { response_format: { type: 'json_schema', json_schema: { schema } } },
      responses: { text: { format: { type: 'json_schema', schema } } },
      anthropic: { output_config: { format: { type: 'json_schema', schema } } },
      gemini: { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } },
      ollama: { format: schema },
      mistral: { response_format: { type: 'json_schema', json_schema: { schema } } },
    },
  },
  {
    what: 'where to stop',
    in: {
      openai: { stop: ['END'] },
      anthropic: { stop_sequences: ['END'] },
      gemini: { generationConfig: { stopSequences: ['END'] } },
    },
    arrives: {
      openai: { stop: ['END'] },
      anthropic: { stop_sequences: ['END'] },
      gemini: { generationConfig: { stopSequences: ['END'] } },
      bedrock: { inferenceConfig: { stopSequences: ['END'] } },
      ollama: { options: { stop: ['END'] } },
      mistral: { stop: ['END'] },
    },
    refused: { responses: 'stop' },
  },
  {
    what: 'a seed',
    in: { openai: { seed: 7 }, gemini: { generationConfig: { seed: 7 } } },
    arrives: {
      openai: { seed: 7 },
      gemini: { generationConfig: { seed: 7 } },
      ollama: { options: { seed: 7 } },
      mistral: { random_seed: 7 },
    },
    refused: { anthropic: 'seed', bedrock: 'seed', responses: 'seed' },
  },
  {
    what: 'two answers',
    in: { openai: { n: 2 }, gemini: { generationConfig: { candidateCount: 2 } } },
    arrives: { openai: { n: 2 }, gemini: { generationConfig: { candidateCount: 2 } }, mistral: { n: 2 } },
    refused: { anthropic: 'n', bedrock: 'n', ollama: 'n', responses: 'n' },
  },
  {
    what: 'the likelihood of the words',
    in: {
      openai: { logprobs: true, top_logprobs: 2 },
      gemini: { generationConfig: { responseLogprobs: true, logprobs: 2 } },
    },
    arrives: {
      openai: { logprobs: true, top_logprobs: 2 },
      responses: [{ top_logprobs: 2 }, { include: ['message.output_text.logprobs'] }],
      gemini: { generationConfig: { responseLogprobs: true, logprobs: 2 } },
      ollama: { logprobs: true, top_logprobs: 2 },
    },
    refused: { anthropic: 'logprobs', bedrock: 'logprobs' },
  },
  {
    what: 'a tier',
    in: { openai: { service_tier: 'flex' }, responses: { service_tier: 'flex' }, gemini: { serviceTier: 'flex' } },
    arrives: {
      openai: { service_tier: 'flex' },
      responses: { service_tier: 'flex' },
      gemini: { serviceTier: 'flex' },
      bedrock: { serviceTier: { type: 'flex' } },
    },
    refused: { anthropic: 'service_tier' },
  },
  {
    what: 'a budget of thoughts',
    in: {
      anthropic: { thinking: { type: 'enabled', budget_tokens: 4000 } },
      gemini: {
        generationConfig: { maxOutputTokens: 9000, thinkingConfig: { thinkingBudget: 4000, includeThoughts: true } },
      },
    },
    arrives: {
      anthropic: { thinking: { type: 'enabled', budget_tokens: 4000 } },
      gemini: { thinkingConfig: { thinkingBudget: 4000, includeThoughts: true } },
      bedrock: { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 4000 } } },
      ollama: { think: true },
    },
  },
  {
    what: 'an effort',
    in: {
      openai: { reasoning_effort: 'high', max_tokens: 64_000 },
      responses: { reasoning: { effort: 'high' }, max_output_tokens: 64_000 },
    },
    arrives: {
      openai: { reasoning_effort: 'high' },
      responses: { reasoning: { effort: 'high' } },
      anthropic: { thinking: { type: 'enabled' } },
      gemini: { thinkingConfig: { includeThoughts: true } },
      bedrock: { additionalModelRequestFields: { thinking: { type: 'enabled' } } },
      ollama: { think: true },
    },
  },
  {
    what: 'a document that shall be cited',
    in: {
      anthropic: content.anthropic({
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: pdf },
        title: 'a.pdf',
        context: 'A report.',
        citations: { enabled: true },
      }),
    },
    arrives: {
      anthropic: { type: 'document', citations: { enabled: true } },
      bedrock: { document: { format: 'pdf', citations: { enabled: true } } },
      openai: { type: 'file', file: { file_data: pdfUrl } },
      responses: { type: 'input_file', file_data: pdfUrl },
      gemini: { inlineData: { mimeType: 'application/pdf', data: pdf } },
    },
  },
  {
    what: 'a tool whose arguments are strict',
    in: {
      openai: {
        tools: [
          { type: 'function', function: { name: 'weather', description: 'd', parameters: schema, strict: true } },
        ],
      },
      anthropic: { tools: [{ name: 'weather', description: 'd', input_schema: schema, strict: true }] },
      responses: { tools: [{ type: 'function', name: 'weather', description: 'd', parameters: schema, strict: true }] },
    },
    arrives: {
      openai: { function: { name: 'weather', strict: true } },
      responses: { type: 'function', name: 'weather', strict: true },
      anthropic: { name: 'weather', strict: true },
      mistral: { function: { name: 'weather', strict: true } },
    },
  },
  {
    what: 'a result that is an error',
    in: {
      anthropic: {
        tools: tools.anthropic,
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'call_0001', name: 'weather', input: {} }] },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'call_0001', content: 'No weather', is_error: true }],
          },
        ],
      },
      gemini: {
        tools: tools.gemini,
        contents: [
          { role: 'user', parts: [{ text: 'Hi' }] },
          { role: 'model', parts: [{ functionCall: { id: 'call_0001', name: 'weather', args: {} } }] },
          {
            role: 'user',
            parts: [{ functionResponse: { id: 'call_0001', name: 'weather', response: { error: 'No weather' } } }],
          },
        ],
      },
    },
    arrives: {
      openai: { role: 'tool', tool_call_id: 'call_0001', content: 'No weather' },
      responses: { type: 'function_call_output', call_id: 'call_0001', output: 'No weather' },
      anthropic: { type: 'tool_result', tool_use_id: 'call_0001', is_error: true },
      gemini: { functionResponse: { name: 'weather', response: { error: 'No weather' } } },
      bedrock: { toolResult: { toolUseId: 'call_0001', status: 'error' } },
      ollama: { role: 'tool', content: 'No weather' },
      mistral: { role: 'tool', content: 'No weather' },
    },
  },
  {
    what: 'a mark for the cache, for an hour',
    in: {
      openai: content.openai({ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } }),
      anthropic: content.anthropic({ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } }),
    },
    arrives: {
      anthropic: { type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } },
      bedrock: { cachePoint: { type: 'default', ttl: '1h' } },
      openrouter: { type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } },
      gemini: { text: 'Hi' },
      responses: { role: 'user' },
      mistral: { role: 'user' },
    },
  },
  {
    what: 'calls side by side, their results, and a signed thought before them',
    in: {
      anthropic: {
        tools: tools.anthropic,
        thinking: { type: 'enabled', budget_tokens: 4000 },
        messages: [
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm.', signature: 'EqQB+/==' },
              { type: 'redacted_thinking', data: 'EmwK' },
              { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bonn' } },
              { type: 'tool_use', id: 'toolu_2', name: 'clock', input: {} },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'Sunny' }] },
              { type: 'tool_result', tool_use_id: 'toolu_2', content: 'No clock', is_error: true },
            ],
          },
        ],
      },
      openai: {
        tools: tools.openai,
        messages: [
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: null,
            thinking_blocks: [
              { type: 'thinking', thinking: 'Hm.', signature: 'EqQB+/==' },
              { type: 'redacted_thinking', data: 'EmwK' },
            ],
            tool_calls: [
              { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
              { id: 'toolu_2', type: 'function', function: { name: 'clock', arguments: '{}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'toolu_1', content: 'Sunny' },
          { role: 'tool', tool_call_id: 'toolu_2', content: 'No clock', is_error: true },
        ],
      },
    },
    arrives: {
      anthropic: [
        { type: 'thinking', thinking: 'Hm.', signature: 'EqQB+/==' },
        { type: 'redacted_thinking', data: 'EmwK' },
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bonn' } },
        { type: 'tool_use', id: 'toolu_2', name: 'clock' },
        { type: 'tool_result', tool_use_id: 'toolu_2', is_error: true },
      ],
      bedrock: [
        { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'EqQB+/==' } } },
        { reasoningContent: { redactedContent: 'EmwK' } },
        { toolUse: { toolUseId: 'toolu_1', name: 'weather', input: { city: 'Bonn' } } },
        { toolResult: { toolUseId: 'toolu_2', status: 'error' } },
      ],
      gemini: [
        { functionCall: { name: 'weather', args: { city: 'Bonn' } } },
        { functionCall: { name: 'clock', args: {} } },
        { functionResponse: { name: 'weather' } },
        { functionResponse: { name: 'clock', response: { error: 'No clock' } } },
      ],
      responses: [
        { type: 'function_call', call_id: 'toolu_1', name: 'weather', arguments: '{"city":"Bonn"}' },
        { type: 'function_call_output', call_id: 'toolu_1' },
        { type: 'function_call_output', call_id: 'toolu_2', output: 'No clock' },
      ],
      mistral: [{ role: 'tool', content: 'No clock' }],
      ollama: [{ function: { name: 'weather', arguments: { city: 'Bonn' } } }, { role: 'tool', content: 'No clock' }],
    },
  },
]
