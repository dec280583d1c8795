import { type Fields, fields, isFields, list } from '../../../src/dialects/loose-json.ts'
import { type FakeVendor, type HeardTurn, only, pieces, type Said, sse, TOKENS } from './words.ts'

/** Sealed bytes in base64, with the letters that addresses would write otherwise. */
export const GOOGLES = 'CqYBAdHtim/+Zb3Jq0rG5h7LkP9wXyZ1aBcDeFgHiJkLmNoPqRsT=='

/** What Google documents for calls that another model made. */
export const UNSIGNED: readonly string[] = ['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go']

interface Trait {
  /** From the third generation on calls must come back signed, and thought is asked for in levels. */
  readonly third?: boolean
}

/** https://ai.google.dev/api/generate-content, and Vertex AI, which has the same words. */
export function fakeGemini({ third = false }: Trait = {}): FakeVendor {
  return {
    hear(body, faults) {
      only(
        body,
        'contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent labels',
        'body',
        faults,
      )
      const config =
        body.generationConfig === undefined
          ? {}
          : only(
              body.generationConfig,
              'stopSequences responseMimeType responseSchema responseJsonSchema responseModalities candidateCount maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs thinkingConfig speechConfig mediaResolution',
              'generation_config',
              faults,
            )
      const thinking =
        config.thinkingConfig === undefined
          ? {}
          : only(config.thinkingConfig, 'includeThoughts thinkingBudget thinkingLevel', 'thinking_config', faults)
      if (thinking.thinkingBudget !== undefined && thinking.thinkingLevel !== undefined)
        faults.push('You can only set only one of thinking budget and thinking level.')
      const tools = list(body.tools).flatMap((given) =>
        list(only(given, 'functionDeclarations', 'tools', faults).functionDeclarations).map((one) => {
          const made = only(
            one,
            'name description parameters parametersJsonSchema response behavior',
            'function_declarations',
            faults,
          )
          if (made.parameters !== undefined) googleSchema(made.parameters, 'parameters', faults)
          return String(made.name)
        }),
      )
      const system =
        body.systemInstruction === undefined
          ? ''
          : list(only(body.systemInstruction, 'parts role', 'system_instruction', faults).parts)
              .map((part) => String(fields(part).text))
              .join('\n')
      if (config.responseSchema !== undefined) googleSchema(config.responseSchema, 'response_schema', faults)
      const schema = config.responseSchema ?? config.responseJsonSchema
      if (schema !== undefined && config.responseMimeType !== 'application/json')
        faults.push('response_schema is only allowed with response_mime_type application/json')
      const choice = fields(fields(body.toolConfig).functionCallingConfig)
      const [forced] =
        choice.mode === 'ANY' ? list(choice.allowedFunctionNames ?? (tools.length === 1 ? tools : [])) : []
      return {
        system,
        turns: conversation(merged(list(body.contents)), third, faults),
        tools,
        thinks: thinking.includeThoughts === true,
        ...(schema !== undefined && { schema }),
        ...(forced !== undefined && { forced: String(forced) }),
      }
    },
    whole: (said) => event(parts(said), true),
    stream(said) {
      const events = parts(said).flatMap((part) =>
        typeof part.text === 'string'
          ? pieces(part.text).map((text) => event([{ ...part, text }], false))
          : [event([part], false)],
      )
      return sse([...events, event([{ text: '' }], true)])
    },
    refusal: (message) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }),
  }
}

/** The part of OpenAPI's schema that `parameters` and `responseSchema` take. */
const SCHEMA =
  'type format title description nullable enum maxItems minItems properties required minProperties maxProperties minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum'

function googleSchema(schema: unknown, at: string, faults: string[]): void {
  const given = only(schema, SCHEMA, at, faults)
  for (const [name, inner] of Object.entries(fields(given.properties))) googleSchema(inner, `${at}.${name}`, faults)
  if (given.items !== undefined) googleSchema(given.items, `${at}.items`, faults)
}

/** The turns that SDKs keep of a stream, one for each event. */
function merged(contents: readonly unknown[]): Fields[] {
  const turns: Fields[] = []
  for (const content of contents.map(fields)) {
    const last = turns.at(-1)
    if (last?.role !== content.role) turns.push(content)
    else turns[turns.length - 1] = { ...last, parts: [...list(last?.parts), ...list(content.parts)] }
  }
  return turns
}

function conversation(contents: readonly unknown[], third: boolean, faults: string[]): HeardTurn[] {
  if (contents.length === 0) faults.push('contents is not specified')
  const turns: HeardTurn[] = []
  let open: string[] = []
  for (const [at, given] of contents.entries()) {
    const where = `contents[${at}]`
    const content = only(given, 'role parts', where, faults)
    const made = list(content.parts).map((part, n) =>
      only(
        part,
        'text thought thoughtSignature inlineData fileData functionCall functionResponse videoMetadata',
        `${where}.parts[${n}]`,
        faults,
      ),
    )
    if (made.length === 0) faults.push(`${where}.parts must not be empty`)
    if (content.role !== 'user' && content.role !== 'model') faults.push('Please use a valid role: user, model.')
    const calls = made.filter(({ functionCall }) => functionCall !== undefined)
    const results = made.filter(({ functionResponse }) => functionResponse !== undefined)
    if (open.length > 0 || results.length > 0) {
      if (results.length !== open.length)
        faults.push(
          `${where}: the number of function response parts must equal the function call parts of the turn before`,
        )
      results.forEach(({ functionResponse }, n) => {
        if (fields(functionResponse).name !== open[n])
          faults.push(`${where}: function responses are not in the order of the calls`)
      })
    }
    open = calls.map(({ functionCall }) => String(fields(functionCall).name))
    if (third && calls.length > 0 && calls[0]?.thoughtSignature === undefined)
      faults.push('Function call is missing a thought_signature in functionCall parts.')
    for (const { thoughtSignature } of made)
      if (thoughtSignature !== undefined && ![GOOGLES, ...UNSIGNED].includes(String(thoughtSignature)))
        faults.push(`${where}: Invalid thought signature ${String(thoughtSignature)}`)
    turns.push({
      role: content.role === 'model' ? 'model' : results.length > 0 ? 'tool' : 'user',
      text: made.map(({ text, thought }) => (typeof text === 'string' && thought !== true ? text : '')).join(''),
      images: made.flatMap(({ inlineData }) => {
        if (inlineData === undefined) return []
        const { mimeType, data } = only(inlineData, 'mimeType data displayName', `${where}.inline_data`, faults)
        if (mimeType !== 'image/png') faults.push(`${where}.inline_data is no picture`)
        return [String(data)]
      }),
      calls: calls.map(({ functionCall }) => {
        const { name, args } = only(functionCall, 'id name args', `${where}.function_call`, faults)
        return { name: String(name), args: fields(args) }
      }),
      results: results.map(({ functionResponse }) => {
        const made = only(
          functionResponse,
          'id name response parts willContinue scheduling',
          `${where}.function_response`,
          faults,
        )
        if (!isFields(made.response)) faults.push(`${where}.function_response.response must be an object`)
        const { output, result, error, ...rest } = fields(made.response)
        const said = output ?? result ?? error ?? rest
        return { name: String(made.name), text: typeof said === 'string' ? said : JSON.stringify(said) }
      }),
      thoughts: made.flatMap(({ thoughtSignature }) =>
        thoughtSignature === undefined ? [] : [String(thoughtSignature)],
      ),
    })
  }
  if (open.length > 0) faults.push('the last function calls have no function responses')
  return turns
}

function parts({ thought, text, calls = [] }: Said): Fields[] {
  return [
    ...(thought === undefined ? [] : [{ text: thought, thought: true }]),
    ...(text === undefined ? [] : [{ text }]),
    ...calls.map(({ name, args }, at) => ({
      functionCall: { name, args },
      ...(at === 0 && { thoughtSignature: GOOGLES }),
    })),
  ]
}

function event(said: readonly Fields[], last: boolean): object {
  return {
    candidates: [{ content: { parts: said, role: 'model' }, ...(last && { finishReason: 'STOP' }), index: 0 }],
    usageMetadata: {
      promptTokenCount: TOKENS.input,
      cachedContentTokenCount: TOKENS.cached,
      totalTokenCount: TOKENS.input + TOKENS.output,
      ...(last && { candidatesTokenCount: TOKENS.output - TOKENS.reasoning, thoughtsTokenCount: TOKENS.reasoning }),
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: TOKENS.input }],
    },
    modelVersion: 'gemini-3-pro-preview',
    responseId: 'mAitaLmkHPPlz7IPvtfUqQ4',
  }
}
