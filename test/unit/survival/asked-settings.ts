import type { Asked } from './asked.ts'
import { parts, schema } from './asked-words.ts'

const mark = { type: 'ephemeral' }

export const settings: readonly Asked[] = [
  {
    what: 'the shape of the answer',
    in: {
      openai: { response_format: { type: 'json_schema', json_schema: { name: 'shape', schema, strict: true } } },
      anthropic: { output_config: { format: { type: 'json_schema', schema } } },
      responses: { text: { format: { type: 'json_schema', name: 'shape', schema, strict: true } } },
      gemini: { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } },
    },
    arrives: {
      nova: [{ toolChoice: { tool: { name: 'json_tool_call' } } }, { toolSpec: { inputSchema: { json: schema } } }],
      vertex_claude: [{ tool_choice: { type: 'tool', name: 'json_tool_call' } }, { input_schema: schema }],
      openai: { response_format: { type: 'json_schema', json_schema: { schema } } },
      responses: { text: { format: { type: 'json_schema', schema } } },
      anthropic: { output_config: { format: { type: 'json_schema', schema } } },
      gemini: { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } },
      ollama: { format: schema },
      mistral: { response_format: { type: 'json_schema', json_schema: { schema } } },
    },
    refused: { deepseek: 'response_format' },
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
    refused: { perplexity: 'seed', anthropic: 'seed', bedrock: 'seed', responses: 'seed' },
  },
  {
    what: 'two answers',
    in: { openai: { n: 2 }, gemini: { generationConfig: { candidateCount: 2 } } },
    arrives: { openai: { n: 2 }, gemini: { generationConfig: { candidateCount: 2 } }, mistral: { n: 2 } },
    refused: {
      groq: 'n',
      deepseek: 'n',
      perplexity: 'n',
      cerebras: 'n',
      cohere: 'n',
      anthropic: 'n',
      bedrock: 'n',
      ollama: 'n',
      responses: 'n',
    },
  },
  {
    what: 'the likelihood of the words',
    in: {
      openai: { logprobs: true, top_logprobs: 2 },
      gemini: { generationConfig: { responseLogprobs: true, logprobs: 2 } },
    },
    arrives: {
      together_ai: { logprobs: 2 },
      openai: { logprobs: true, top_logprobs: 2 },
      responses: [{ top_logprobs: 2 }, { include: ['message.output_text.logprobs'] }],
      gemini: { generationConfig: { responseLogprobs: true, logprobs: 2 } },
      ollama: { logprobs: true, top_logprobs: 2 },
    },
    refused: {
      mistral: 'logprobs',
      groq: 'logprobs',
      cohere: 'top_logprobs',
      anthropic: 'logprobs',
      bedrock: 'logprobs',
    },
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
    // Vertex AI hears it in a header.
    unless: { vertex_ai: ['openai', 'responses', 'gemini'] },
    refused: { cohere: 'service_tier', anthropic: 'service_tier' },
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
    refused: { nova: 'thinking' },
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
    refused: { nova: 'reasoning_effort' },
  },
  {
    what: 'a mark for the cache, for an hour',
    in: {
      openai: parts.openai({ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } }),
      anthropic: parts.anthropic({ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } }),
    },
    arrives: {
      nova: { cachePoint: { type: 'default' } },
      anthropic: { type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } },
      bedrock: { cachePoint: { type: 'default', ttl: '1h' } },
      openrouter: { type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '1h' } },
      gemini: { text: 'Hi' },
      responses: { role: 'user' },
      mistral: { role: 'user' },
    },
  },
  {
    what: 'any JSON',
    in: {
      openai: { response_format: { type: 'json_object' } },
      responses: { text: { format: { type: 'json_object' } } },
      gemini: { generationConfig: { responseMimeType: 'application/json' } },
    },
    arrives: {
      openai: { response_format: { type: 'json_object' } },
      responses: { text: { format: { type: 'json_object' } } },
      gemini: { generationConfig: { responseMimeType: 'application/json' } },
      anthropic: { tool_choice: { type: 'tool', name: 'json_tool_call' } },
      bedrock: { toolChoice: { tool: { name: 'json_tool_call' } } },
      ollama: { format: 'json' },
    },
  },
  {
    what: 'how the words are chosen',
    in: {
      openai: { temperature: 0.5 },
      anthropic: { temperature: 0.5 },
      responses: { temperature: 0.5 },
      gemini: { generationConfig: { temperature: 0.5 } },
    },
    arrives: {
      openai: { temperature: 0.5 },
      responses: { temperature: 0.5 },
      anthropic: { temperature: 0.5 },
      gemini: { generationConfig: { temperature: 0.5 } },
      bedrock: { inferenceConfig: { temperature: 0.5 } },
      ollama: { options: { temperature: 0.5 } },
    },
  },
  {
    what: 'from how many words',
    in: { anthropic: { top_k: 5 }, gemini: { generationConfig: { topK: 5 } } },
    arrives: {
      anthropic: { top_k: 5 },
      gemini: { generationConfig: { topK: 5 } },
      bedrock: { additionalModelRequestFields: { top_k: 5 } },
      nova: { additionalModelRequestFields: { inferenceConfig: { topK: 5 } } },
      ollama: { options: { top_k: 5 } },
      openrouter: { top_k: 5 },
      together_ai: { top_k: 5 },
      fireworks_ai: { top_k: 5 },
      perplexity: { top_k: 5 },
      hosted_vllm: { top_k: 5 },
      huggingface: { top_k: 5 },
    },
    refused: {
      openai: 'top_k',
      responses: 'top_k',
      mistral: 'top_k',
      groq: 'top_k',
      deepseek: 'top_k',
      xai: 'top_k',
      cerebras: 'top_k',
      cohere: 'top_k',
    },
  },
  {
    what: 'how long the answer may be',
    in: {
      openai: { max_completion_tokens: 77 },
      anthropic: { max_tokens: 77 },
      responses: { max_output_tokens: 77 },
      gemini: { generationConfig: { maxOutputTokens: 77 } },
    },
    arrives: {
      openai: { max_completion_tokens: 77 },
      responses: { max_output_tokens: 77 },
      anthropic: { max_tokens: 77 },
      gemini: { generationConfig: { maxOutputTokens: 77 } },
      bedrock: { inferenceConfig: { maxTokens: 77 } },
      ollama: { options: { num_predict: 77 } },
      ...Object.fromEntries(
        (['mistral', 'deepseek', 'together_ai', 'fireworks_ai', 'huggingface', 'cohere'] as const).map((family) => [
          family,
          { max_tokens: 77 },
        ]),
      ),
    },
    // By either name of OpenAI's, as it was said.
    unless: {
      ...Object.fromEntries(
        (['azure', 'openrouter', 'groq', 'xai', 'perplexity', 'hosted_vllm'] as const).map((family) => [
          family,
          ['anthropic', 'responses', 'gemini'],
        ]),
      ),
    },
  },
  {
    what: 'marks for the cache on the system, a tool and a result',
    in: {
      anthropic: {
        system: [{ type: 'text', text: 'Be brief.', cache_control: mark }],
        tools: [{ name: 'weather', input_schema: schema, cache_control: mark }],
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'call_0001', name: 'weather', input: {} }] },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'call_0001', content: 'Sunny', cache_control: mark }],
          },
        ],
      },
      openai: {
        tools: [{ type: 'function', function: { name: 'weather', parameters: schema }, cache_control: mark }],
        messages: [
          { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache_control: mark }] },
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'call_0001', type: 'function', function: { name: 'weather', arguments: '{}' } }],
          },
          { role: 'tool', tool_call_id: 'call_0001', content: 'Sunny', cache_control: mark },
        ],
      },
    },
    arrives: {
      anthropic: [
        { system: [{ text: 'Be brief.', cache_control: mark }] },
        { tools: [{ name: 'weather', cache_control: mark }] },
        { type: 'tool_result', tool_use_id: 'call_0001', cache_control: mark },
      ],
      bedrock: [
        { system: [{ text: 'Be brief.' }, { cachePoint: { type: 'default' } }] },
        { tools: [{ toolSpec: { name: 'weather' } }, { cachePoint: { type: 'default' } }] },
        { content: [{ toolResult: { toolUseId: 'call_0001' } }, { cachePoint: { type: 'default' } }] },
      ],
      nova: { system: [{ text: 'Be brief.' }, { cachePoint: { type: 'default' } }] },
      openrouter: { role: 'system', content: [{ cache_control: mark }] },
      gemini: { systemInstruction: { parts: [{ text: 'Be brief.' }] } },
      ollama: { role: 'tool', content: 'Sunny' },
      responses: { type: 'function_call_output', output: 'Sunny' },
      mistral: { role: 'tool', content: 'Sunny' },
    },
  },
  {
    what: 'a key for the cache',
    in: { openai: { prompt_cache_key: 'k' }, responses: { prompt_cache_key: 'k' } },
    arrives: { openai: { prompt_cache_key: 'k' }, responses: { prompt_cache_key: 'k' } },
  },
]
