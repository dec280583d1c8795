import type { BetaMessageStreamParams } from '@anthropic-ai/sdk/resources/beta/messages'
import type { MessageCreateParamsBase } from '@anthropic-ai/sdk/resources/messages/messages'
import type { GenerateContentConfig } from '@google/genai'
import type { ChatCompletionCreateParamsBase } from 'openai/resources/chat/completions/completions'
import type { ResponseCreateParamsBase } from 'openai/resources/responses/responses'

// Every field that the official SDKs document, each with a value that asks for something: a field that an SDK adds is
// missing here for the compiler. What a field cannot be without stands beside it.

type Said<Body, Left extends keyof Body> = {
  readonly [K in Exclude<keyof Body, Left>]-?: { readonly [Name in K]: NonNullable<Body[Name]> } & Partial<Body>
}

const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}

const chatTool = { type: 'function' as const, function: { name: 'weather', parameters: schema } }

export const openai: Said<ChatCompletionCreateParamsBase, 'model' | 'messages' | 'stream' | 'stream_options'> = {
  audio: { audio: { voice: 'alloy', format: 'pcm16' }, modalities: ['text', 'audio'] },
  frequency_penalty: { frequency_penalty: 0.5 },
  function_call: { function_call: { name: 'weather' }, functions: [{ name: 'weather', parameters: schema }] },
  functions: { functions: [{ name: 'weather', parameters: schema }] },
  logit_bias: { logit_bias: { 50256: -100 } },
  logprobs: { logprobs: true },
  max_completion_tokens: { max_completion_tokens: 77 },
  max_tokens: { max_tokens: 77 },
  metadata: { metadata: { a: 'b' } },
  modalities: { modalities: ['text', 'audio'] },
  moderation: { moderation: { model: 'omni-moderation-latest' } },
  n: { n: 2 },
  parallel_tool_calls: { parallel_tool_calls: false, tools: [chatTool, { ...chatTool, function: { name: 'clock' } }] },
  prediction: { prediction: { type: 'content', content: 'a' } },
  presence_penalty: { presence_penalty: 0.5 },
  prompt_cache_key: { prompt_cache_key: 'k' },
  prompt_cache_options: { prompt_cache_options: { mode: 'explicit' } },
  prompt_cache_retention: { prompt_cache_retention: '24h' },
  reasoning_effort: { reasoning_effort: 'high', max_tokens: 64_000 },
  response_format: { response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } },
  safety_identifier: { safety_identifier: 'someone' },
  seed: { seed: 7 },
  service_tier: { service_tier: 'flex' },
  stop: { stop: ['END'] },
  store: { store: true },
  temperature: { temperature: 0.5 },
  tool_choice: { tool_choice: 'required', tools: [chatTool] },
  tools: { tools: [chatTool] },
  top_logprobs: { top_logprobs: 2, logprobs: true },
  top_p: { top_p: 0.5 },
  user: { user: 'someone' },
  verbosity: { verbosity: 'low' },
  web_search_options: { web_search_options: { search_context_size: 'low' } },
}

const responsesTool = { type: 'function' as const, name: 'weather', parameters: schema, strict: false }

/** What the gateway itself refuses or answers, since nothing is kept, is left out: it is shown elsewhere. */
export const responses: Said<
  ResponseCreateParamsBase,
  | 'model'
  | 'input'
  | 'stream'
  | 'stream_options'
  | 'background'
  | 'conversation'
  | 'previous_response_id'
  | 'prompt'
  | 'store'
> = {
  access_programs: { access_programs: {} as never },
  context_management: { context_management: [{ type: 'compaction', compact_threshold: 1000 }] },
  image: { image: {} as never },
  include: { include: ['message.output_text.logprobs'] },
  instructions: { instructions: 'Be brief.' },
  max_output_tokens: { max_output_tokens: 77 },
  max_tool_calls: { max_tool_calls: 1 },
  metadata: { metadata: { a: 'b' } },
  moderation: { moderation: { model: 'omni-moderation-latest' } },
  parallel_tool_calls: { parallel_tool_calls: false, tools: [responsesTool, { ...responsesTool, name: 'clock' }] },
  prompt_cache_key: { prompt_cache_key: 'k' },
  prompt_cache_options: { prompt_cache_options: { mode: 'explicit' } },
  prompt_cache_retention: { prompt_cache_retention: '24h' },
  reasoning: { reasoning: { effort: 'high', summary: 'detailed' }, max_output_tokens: 64_000 },
  safety_identifier: { safety_identifier: 'someone' },
  service_tier: { service_tier: 'flex' },
  temperature: { temperature: 0.5 },
  text: { text: { format: { type: 'json_schema', name: 'a', schema }, verbosity: 'low' } },
  tool_choice: { tool_choice: 'required', tools: [responsesTool] },
  tools: { tools: [responsesTool] },
  top_logprobs: { top_logprobs: 2 },
  top_p: { top_p: 0.5 },
  truncation: { truncation: 'auto' },
  user: { user: 'someone' },
}

type Messages = Omit<BetaMessageStreamParams, keyof MessageCreateParamsBase> & MessageCreateParamsBase
const claudeTool = { name: 'weather', input_schema: { ...schema, type: 'object' as const } }

export const anthropic: Said<Messages, 'model' | 'messages' | 'stream'> = {
  billing_policy: { billing_policy: {} as never },
  cache_control: { cache_control: { type: 'ephemeral' } },
  compaction: { compaction: {} as never },
  container: { container: 'container_1' },
  context_management: { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
  diagnostics: { diagnostics: {} as never },
  fallback_credit_token: { fallback_credit_token: 't' },
  fallbacks: { fallbacks: [{ model: 'claude-opus-4-5' }] as never },
  inference_geo: { inference_geo: 'us' },
  max_tokens: { max_tokens: 77 },
  mcp_servers: { mcp_servers: [{ type: 'url', name: 'a', url: 'https://x.test' }] },
  metadata: { metadata: { user_id: 'someone' } },
  output_config: { output_config: { format: { type: 'json_schema', schema } } },
  output_format: { output_format: { type: 'json_schema', schema } },
  service_tier: { service_tier: 'standard_only' },
  speed: { speed: 'fast' },
  stop_sequences: { stop_sequences: ['END'] },
  system: { system: 'Be brief.' },
  thinking: { thinking: { type: 'enabled', budget_tokens: 5000 } },
  thread: { thread: {} as never },
  tool_choice: { tool_choice: { type: 'any' }, tools: [claudeTool] },
  tools: { tools: [claudeTool] },
  betas: { betas: ['files-api-2025-04-14'] },
  user_profile_id: { user_profile_id: 'u' },
  workspace_id: { workspace_id: 'w' },
}

/** What the SDK keeps to itself is left out. */
type Generate = Omit<GenerateContentConfig, 'httpOptions' | 'abortSignal' | 'automaticFunctionCalling'>
type Google = { readonly [K in keyof Generate]-?: object }
const declared = { functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }
const config = (generationConfig: object) => ({ generationConfig })

/** In the body that `@google/genai` makes of it. */
export const gemini: Google = {
  serviceTier: { serviceTier: 'flex' },
  systemInstruction: { systemInstruction: { parts: [{ text: 'Be brief.' }] } },
  temperature: config({ temperature: 0.5 }),
  topP: config({ topP: 0.5 }),
  topK: config({ topK: 5 }),
  candidateCount: config({ candidateCount: 2 }),
  maxOutputTokens: config({ maxOutputTokens: 77 }),
  stopSequences: config({ stopSequences: ['END'] }),
  responseLogprobs: config({ responseLogprobs: true }),
  logprobs: config({ responseLogprobs: true, logprobs: 2 }),
  presencePenalty: config({ presencePenalty: 0.5 }),
  frequencyPenalty: config({ frequencyPenalty: 0.5 }),
  seed: config({ seed: 7 }),
  responseMimeType: config({ responseMimeType: 'application/json' }),
  responseSchema: config({ responseMimeType: 'application/json', responseSchema: { type: 'OBJECT' } }),
  responseJsonSchema: config({ responseMimeType: 'application/json', responseJsonSchema: schema }),
  routingConfig: config({ routingConfig: { autoMode: {} } }),
  modelSelectionConfig: config({ modelSelectionConfig: {} }),
  safetySettings: { safetySettings: [{ category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'BLOCK_NONE' }] },
  tools: { tools: [declared] },
  toolConfig: { tools: [declared], toolConfig: { functionCallingConfig: { mode: 'ANY' } } },
  labels: { labels: { a: 'b' } },
  cachedContent: { cachedContent: 'cachedContents/1' },
  responseModalities: config({ responseModalities: ['TEXT', 'AUDIO'] }),
  mediaResolution: config({ mediaResolution: 'MEDIA_RESOLUTION_LOW' }),
  speechConfig: config({ speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } } }),
  audioTimestamp: config({ audioTimestamp: true }),
  thinkingConfig: config({ maxOutputTokens: 64_000, thinkingConfig: { thinkingBudget: 5000 } }),
  audioTranscriptionConfig: config({ audioTranscriptionConfig: {} }),
  imageConfig: config({ imageConfig: { aspectRatio: '1:1' } }),
  enableEnhancedCivicAnswers: config({ enableEnhancedCivicAnswers: true }),
  modelArmorConfig: { modelArmorConfig: { promptTemplateName: 'a' } },
  continuationToken: config({ continuationToken: 't' }),
  automaticContinuation: config({ automaticContinuation: true }),
  generationOutputConfig: config({ generationOutputConfig: {} }),
  store: { store: true },
}
