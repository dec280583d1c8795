import { type Fields, fields, isFields, list, text } from '../dialects/loose-json.ts'

/** Google's own tools, under both spellings that its APIs read. */
const GOOGLE_TOOLS = [
  'googleSearch',
  'googleSearchRetrieval',
  'googleMaps',
  'urlContext',
  'codeExecution',
  'computerUse',
  'fileSearch',
  'retrieval',
  'enterpriseWebSearch',
  'parallelAiSearch',
  'exaAiSearch',
  'mcpServers',
] as const

export interface Tools {
  readonly tools: readonly Fields[]
  readonly functionCallingConfig?: Fields
  /** Fields of the request that ask for what Gemini does not have. */
  readonly missing: readonly string[]
}

/** The request's tools and which of them the model may, must or must not use. */
export function geminiTools(request: Fields): Tools {
  const missing: string[] = []
  const declarations: Fields[] = []
  const own: Fields[] = []
  let strict = false
  for (const tool of list(request.tools).map(fields)) {
    const made = googleTool(tool)
    const declared = list(tool.functionDeclarations ?? tool.function_declarations).filter(isFields)
    const written = fields(tool.function)
    if (made !== undefined) own.push(made)
    if (declared.length > 0) declarations.push(...declared)
    else if (made === undefined && text(written.name) !== undefined) {
      declarations.push(declaration(written))
      strict ||= written.strict === true || tool.strict === true
    } else if (made === undefined) missing.push(`tools of type ${text(tool.type) ?? 'unknown'}`)
  }
  declarations.push(...list(request.functions).filter(isFields).map(declaration))
  if (request.web_search_options !== undefined && request.web_search_options !== null && !own.some(isSearch))
    own.push({ googleSearch: {} })

  const asked = request.tool_choice ?? legacyChoice(request.function_call)
  const choice = choiceOf(asked, strict)
  if (choice === undefined && asked !== undefined && asked !== null) missing.push('tool_choice')
  const functionCallingConfig = choice ?? (strict ? { mode: 'VALIDATED' } : undefined)
  return {
    tools: [...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : []), ...own],
    ...(functionCallingConfig && declarations.length > 0 && { functionCallingConfig }),
    missing,
  }
}

function declaration({ name, description, parameters }: Fields): Fields {
  return {
    name,
    ...(text(description) !== undefined && { description }),
    ...(takesSomething(parameters) && { parametersJsonSchema: parameters }),
  }
}

/** A function without parameters is declared without a schema: an empty object is refused by older models. */
function takesSomething(parameters: unknown): boolean {
  if (!isFields(parameters)) return false
  const { type, properties, required, $schema, additionalProperties, description, title, ...rest } = parameters
  if (Object.keys(fields(properties)).length > 0 || Object.keys(rest).length > 0) return true
  return additionalProperties === true || isFields(additionalProperties)
}

function googleTool(tool: Fields): Fields | undefined {
  const made: Record<string, unknown> = {}
  for (const name of GOOGLE_TOOLS) {
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const settings = tool[name] ?? tool[snake]
    if (settings !== undefined && settings !== null) made[name] = settings
    else if (tool.type === name || tool.type === snake) made[name] = {}
  }
  const search = text(tool.type)?.startsWith('web_search')
  if (search && isOpenAISearch(tool)) made.googleSearch ??= {}
  return Object.keys(made).length > 0 ? made : undefined
}

/** The plain search of the Responses API: what it may be told beside has no counterpart. */
function isOpenAISearch({ type, filters, user_location, search_context_size, name }: Fields): boolean {
  return (
    name === undefined &&
    [filters, user_location].every((value) => value === undefined || value === null) &&
    (search_context_size === undefined || search_context_size === 'medium') &&
    typeof type === 'string'
  )
}

function isSearch(tool: Fields): boolean {
  return 'googleSearch' in tool || 'googleSearchRetrieval' in tool || 'enterpriseWebSearch' in tool
}

function legacyChoice(call: unknown): unknown {
  return isFields(call) ? { type: 'function', function: call } : call
}

/** A strict schema is what Google calls VALIDATED; a named function is ANY with one name allowed. */
function choiceOf(choice: unknown, strict: boolean): Fields | undefined {
  if (choice === 'auto') return { mode: strict ? 'VALIDATED' : 'AUTO' }
  if (choice === 'none') return { mode: 'NONE' }
  if (choice === 'required' || choice === 'any') return { mode: 'ANY' }
  const { type, function: named, allowed_tools, mode, tools } = fields(choice)
  const name = text(fields(named).name) ?? (type === 'function' ? text(fields(choice).name) : undefined)
  if (name !== undefined) return { mode: 'ANY', allowedFunctionNames: [name] }
  if (type !== 'allowed_tools') return undefined
  const allowed = isFields(allowed_tools) ? allowed_tools : { mode, tools }
  const names = list(allowed.tools)
    .map(fields)
    .flatMap((tool) => text(fields(tool.function).name) ?? text(tool.name) ?? [])
  return { mode: allowed.mode === 'required' ? 'ANY' : 'VALIDATED', allowedFunctionNames: names }
}
