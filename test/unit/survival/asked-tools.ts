import type { Asked } from './asked.ts'
import { chosen, named, older, png, pngUrl, schema, toolOf } from './asked-words.ts'

const clock = { type: 'function', function: { name: 'clock', parameters: schema } }
const called = { type: 'function', function: { name: 'weather', arguments: '{}' } }
const grammar = { syntax: 'lark', definition: 'start: "a"' }
const anthropicsTools = [{ type: 'bash_20250124', name: 'bash' }]
const near = { type: 'approximate', city: 'Berlin', country: 'DE' }
const berlin = { type: 'approximate', approximate: { city: 'Berlin', country: 'DE' } }

export const tools: readonly Asked[] = [
  {
    what: 'a tool',
    in: {
      openai: { tools: toolOf.openai },
      anthropic: { tools: toolOf.anthropic },
      responses: { tools: toolOf.responses },
      gemini: { tools: toolOf.gemini },
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
    refused: { perplexity: 'tools' },
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
    refused: { perplexity: 'tools', ollama: 'tool_choice' },
  },
  {
    what: 'any tool that must be called',
    in: chosen('required', { type: 'any' }, { mode: 'ANY' }),
    arrives: {
      mistral: { tool_choice: 'any' },
      openai: { tool_choice: 'required' },
      responses: { tool_choice: 'required' },
      anthropic: { tool_choice: { type: 'any' } },
      gemini: { functionCallingConfig: { mode: 'ANY' } },
      bedrock: { toolChoice: { any: {} } },
    },
    refused: { perplexity: 'tools', ollama: 'tool_choice' },
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
    refused: { perplexity: 'tools' },
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
    refused: { vertex_claude: 'tools[0].function.strict', perplexity: 'tools' },
  },
  {
    what: 'a result that is an error',
    in: {
      anthropic: {
        tools: toolOf.anthropic,
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
        tools: toolOf.gemini,
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
    refused: { perplexity: 'tools' },
  },
  {
    what: 'calls side by side, their results, and a signed thought before them',
    in: {
      anthropic: {
        tools: toolOf.anthropic,
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
        tools: toolOf.openai,
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
    unless: { nova: ['anthropic'] },
  },
  {
    what: 'that one call at a time is enough',
    in: {
      openai: { tools: toolOf.openai, parallel_tool_calls: false },
      anthropic: { tools: toolOf.anthropic, tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      responses: { tools: toolOf.responses, parallel_tool_calls: false },
    },
    arrives: {
      openai: { parallel_tool_calls: false },
      responses: { parallel_tool_calls: false },
      anthropic: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      bedrock: { additionalModelRequestFields: { tool_choice: { disable_parallel_tool_use: true } } },
    },
    refused: { nova: 'parallel_tool_calls', perplexity: 'tools', cohere: 'parallel_tool_calls' },
  },
  {
    what: 'that one of some tools must be called',
    in: {
      openai: {
        tools: [...toolOf.openai, clock],
        tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [named] } },
      },
      responses: {
        tools: [...toolOf.responses, { type: 'function', name: 'clock', parameters: schema, strict: false }],
        tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'weather' }] },
      },
    },
    arrives: {
      openai: [{ tools: [{ function: { name: 'weather' } }] }, { tool_choice: 'required' }],
      azure: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [named] } },
      openrouter: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [named] } },
      responses: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'weather' }] },
      anthropic: [{ tools: [{ name: 'weather' }] }, { tool_choice: { type: 'any' } }],
      gemini: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
      bedrock: [{ toolSpec: { name: 'weather' } }, { toolChoice: { any: {} } }],
      mistral: [{ tools: [{ function: { name: 'weather' } }] }, { tool_choice: 'any' }],
    },
    refused: { ollama: 'tool_choice', perplexity: 'tools' },
    // OpenAI itself hears Responses' choice in chat's words.
    unless: { openai: ['responses'] },
  },
  {
    what: 'a tool that takes what a grammar allows',
    in: {
      openai: { tools: [{ type: 'custom', custom: { name: 'sql', format: { type: 'grammar', grammar } } }] },
      responses: { tools: [{ type: 'custom', name: 'sql', format: { type: 'grammar', ...grammar } }] },
    },
    arrives: {
      openai: { type: 'custom', custom: { name: 'sql', format: { type: 'grammar', grammar } } },
      azure: { type: 'custom', custom: { name: 'sql', format: { type: 'grammar', grammar } } },
      openrouter: { type: 'custom', custom: { name: 'sql', format: { type: 'grammar', grammar } } },
      responses: { type: 'custom', name: 'sql', format: { type: 'grammar', ...grammar } },
    },
    refused: {
      anthropic: 'tools[0]',
      gemini: 'tools of type custom',
      bedrock: 'tools[0]',
      ollama: 'tools[0]',
      ...older('tools of type custom'),
    },
  },
  {
    what: 'an earlier call of a tool with free input, and its result',
    in: {
      openai: {
        messages: [
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'call_0001', type: 'custom', custom: { name: 'sql', input: 'select 1' } }],
          },
          { role: 'tool', tool_call_id: 'call_0001', content: 'One' },
        ],
      },
      responses: {
        input: [
          { role: 'user', content: 'Hi' },
          { type: 'custom_tool_call', call_id: 'call_0001', name: 'sql', input: 'select 1' },
          { type: 'custom_tool_call_output', call_id: 'call_0001', output: 'One' },
        ],
      },
    },
    arrives: {
      openai: { type: 'function', function: { name: 'sql', arguments: '{"input":"select 1"}' } },
      azure: { type: 'custom', custom: { name: 'sql', input: 'select 1' } },
      openrouter: { type: 'custom', custom: { name: 'sql', input: 'select 1' } },
      responses: [
        { type: 'custom_tool_call', call_id: 'call_0001', name: 'sql', input: 'select 1' },
        { type: 'custom_tool_call_output', call_id: 'call_0001', output: 'One' },
      ],
      anthropic: [{ type: 'tool_use', name: 'sql', input: { input: 'select 1' } }, { type: 'tool_result' }],
      gemini: { functionCall: { name: 'sql', args: { input: 'select 1' } } },
      bedrock: { toolUse: { name: 'sql', input: { input: 'select 1' } } },
      ollama: [{ function: { name: 'sql', arguments: { input: 'select 1' } } }, { tool_name: 'sql', content: 'One' }],
    },
    unless: { openai: ['responses'] },
  },
  {
    what: 'a result with a picture',
    in: {
      openai: {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: null, tool_calls: [{ id: 'call_0001', ...called }] },
          {
            role: 'tool',
            tool_call_id: 'call_0001',
            content: [
              { type: 'text', text: 'Seen' },
              { type: 'image_url', image_url: { url: pngUrl } },
            ],
          },
        ],
      },
      anthropic: {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'call_0001', name: 'weather', input: {} }] },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 'call_0001',
                content: [
                  { type: 'text', text: 'Seen' },
                  { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
                ],
              },
            ],
          },
        ],
      },
      responses: {
        input: [
          { role: 'user', content: 'Hi' },
          { type: 'function_call', call_id: 'call_0001', name: 'weather', arguments: '{}' },
          {
            type: 'function_call_output',
            call_id: 'call_0001',
            output: [
              { type: 'input_text', text: 'Seen' },
              { type: 'input_image', image_url: pngUrl },
            ],
          },
        ],
      },
      gemini: {
        contents: [
          { role: 'user', parts: [{ text: 'Hi' }] },
          { role: 'model', parts: [{ functionCall: { id: 'call_0001', name: 'weather', args: {} } }] },
          {
            role: 'user',
            parts: [
              {
                functionResponse: {
                  id: 'call_0001',
                  name: 'weather',
                  response: { output: 'Seen' },
                  parts: [{ inlineData: { mimeType: 'image/png', data: png } }],
                },
              },
            ],
          },
        ],
      },
    },
    arrives: {
      openai: [
        { role: 'tool', tool_call_id: 'call_0001', content: [{ type: 'text', text: 'Seen' }] },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: pngUrl } }] },
      ],
      mistral: { role: 'user', content: [{ type: 'image_url', image_url: { url: pngUrl } }] },
      openrouter: { role: 'tool', content: [{ text: 'Seen' }, { type: 'image_url', image_url: { url: pngUrl } }] },
      responses: {
        type: 'function_call_output',
        output: [
          { type: 'input_text', text: 'Seen' },
          { type: 'input_image', image_url: pngUrl },
        ],
      },
      anthropic: {
        type: 'tool_result',
        content: [
          { type: 'text', text: 'Seen' },
          { type: 'image', source: { media_type: 'image/png', data: png } },
        ],
      },
      gemini: [
        { functionResponse: { name: 'weather', response: { output: 'Seen' } } },
        { inlineData: { mimeType: 'image/png', data: png } },
      ],
      bedrock: {
        toolResult: { content: [{ text: 'Seen' }, { image: { format: 'png', source: { bytes: png } } }] },
      },
      ollama: { role: 'tool', content: 'Seen', images: [png] },
    },
  },
  {
    what: "Anthropic's own tools",
    in: {
      openai: { tools: anthropicsTools },
      anthropic: { tools: anthropicsTools },
      responses: { tools: anthropicsTools },
    },
    arrives: {
      anthropic: { tools: anthropicsTools },
      bedrock: { additionalModelRequestFields: { tools: anthropicsTools } },
      openrouter: { tools: anthropicsTools },
    },
    refused: {
      openai: 'tools of type bash_20250124',
      gemini: 'tools of type bash_20250124',
      nova: 'tools[0]',
      ollama: 'tools[0]',
      ...older('tools of type bash_20250124'),
    },
    // OpenAI's own dialect and those next to it are judged by OpenAI.
    unless: { openai: ['openai'], azure: ['openai', 'anthropic', 'responses'] },
  },
  {
    what: "Google's own tools",
    in: { gemini: { tools: [{ googleSearch: {} }, { urlContext: {} }, { codeExecution: {} }] } },
    arrives: {
      gemini: { tools: [{ googleSearch: {} }, { urlContext: {} }, { codeExecution: {} }] },
    },
    refused: {
      anthropic: 'tools[0]',
      openai: 'tools of type googleSearch',
      bedrock: 'tools[0]',
      ollama: 'tools[0]',
      ...older('tools of type googleSearch'),
    },
    unless: { azure: ['gemini'], openrouter: ['gemini'] },
  },
  {
    what: "OpenAI's search of the web",
    in: {
      openai: { web_search_options: { search_context_size: 'low', user_location: berlin } },
      responses: { tools: [{ type: 'web_search', search_context_size: 'low', user_location: near }] },
    },
    arrives: {
      openai: { web_search_options: { search_context_size: 'low', user_location: berlin } },
      responses: { type: 'web_search', search_context_size: 'low', user_location: near },
      anthropic: { type: 'web_search_20250305', name: 'web_search', max_uses: 1, user_location: near },
    },
    refused: {
      bedrock: 'web_search_options',
      ollama: 'web_search_options',
      mistral: 'web_search_options',
      deepseek: 'web_search_options',
    },
    unless: { bedrock: ['responses'], nova: ['responses'], ollama: ['responses'], mistral: ['responses'] },
  },
]
