import { type Block, isBlock, unreadable } from '../dialects/anthropic-parts.ts'
import { type Fields, fields, isFields, list, present, text } from '../dialects/loose-json.ts'
import type { ClaudeTraits } from './anthropic-model.ts'
import { unsupported } from './unsupported.ts'

interface Asking {
  readonly traits: ClaudeTraits
  readonly target: { readonly dropParams?: boolean }
}

/** Anthropic's own tools carry the day of their version; a few have a name instead. */
const OWN_TOOL = /_\d{8}$/
const OWN_NAMES = new Set(['custom', 'mcp_toolset'])

/** Functions as Anthropic's tools; its own tools as they are; other vendors' are refused by name. */
export function toolsOf(tools: unknown, asking: Asking): Fields[] {
  return list(tools)
    .map((tool, index) => toolOf(fields(tool), `tools[${index}]`, asking))
    .filter((tool) => tool !== undefined)
}

function toolOf(tool: Fields, at: string, { traits, target }: Asking): Fields | undefined {
  const { type, function: written, ...rest } = tool
  if (type === 'function' || type === undefined || type === null) {
    if (!isFields(written)) return isFields(tool.input_schema) ? tool : refuse(at, target)
    const { name, description, parameters, strict, cache_control, ...others } = written
    if (text(name) === undefined) throw unreadable(`${at}.function.name`, 'must be a text')
    const isStrict = strict === true
    if (isStrict && !traits.schemas) unsupported([`${at}.function.strict`], target)
    return {
      name,
      ...present({ description, cache_control }),
      input_schema: objectSchema(parameters),
      ...(isStrict && traits.schemas && { strict }),
      ...others,
      ...rest,
    }
  }
  if (/^web_search(?:_preview(?:_\d{4}_\d{2}_\d{2})?)?$/.test(String(type))) return webSearch(tool)
  if (OWN_TOOL.test(String(type))) {
    // LiteLLM writes Anthropic's computer as a function of that type.
    const { name, parameters } = fields(written)
    return { type, ...(text(name) !== undefined && { name }), ...fields(parameters), ...rest }
  }
  return OWN_NAMES.has(String(type)) && !isFields(tool.custom) ? tool : refuse(at, target)
}

/** How many searches LiteLLM takes OpenAI's sizes for. */
const SEARCHES: Readonly<Record<string, number>> = { low: 1, medium: 5, high: 10 }

/** OpenAI's search as Claude's: as chat's option has it, where the place is nested, and as Responses' tool. */
export function webSearch({ search_context_size, user_location, filters }: Fields): Fields {
  const uses = SEARCHES[text(search_context_size) ?? '']
  const place = fields(user_location)
  const domains = list(fields(filters).allowed_domains)
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    ...(uses !== undefined && { max_uses: uses }),
    ...(domains.length > 0 && { allowed_domains: domains }),
    ...(isFields(user_location) && {
      user_location: {
        ...present({ ...place, ...fields(place.approximate), approximate: undefined }),
        type: 'approximate',
      },
    }),
  }
}

function refuse(at: string, target: Asking['target']): undefined {
  unsupported([at], target)
  return undefined
}

/** A function without parameters has the schema of an empty object. */
function objectSchema(parameters: unknown): Fields {
  const schema = fields(parameters)
  if (schema.type !== undefined) return schema
  return { type: 'object', ...(schema.properties === undefined && { properties: {} }), ...schema }
}

export interface ToolChoice {
  /** Undefined leaves the choice to the vendor's default. */
  readonly choice: Fields | undefined
  /** The only tools that may be used, where the request names them. */
  readonly allowed?: readonly string[]
}

/** All of OpenAI's forms, and Anthropic's own. */
export function toolChoiceOf(asked: Fields): ToolChoice {
  const choice = asked.tool_choice
  if (choice === 'none') return { choice: { type: 'none' } }
  const single = asked.parallel_tool_calls === false ? { disable_parallel_tool_use: true } : {}
  const { type, function: named, custom, allowed_tools: allowed, ...rest } = fields(choice)
  if (choice === 'required' || choice === 'any') return { choice: { type: 'any', ...single } }
  if (type === 'function' || type === 'custom')
    return { choice: { type: 'tool', name: fields(named ?? custom).name ?? rest.name, ...single } }
  if (type === 'allowed_tools') {
    const { mode, tools } = fields(allowed)
    const names = list(tools).flatMap((tool) => {
      const name = text(fields(fields(tool).function).name) ?? text(fields(tool).name)
      return name === undefined ? [] : [name]
    })
    return { choice: { type: mode === 'required' ? 'any' : 'auto', ...single }, allowed: names }
  }
  if (type === 'none') return { choice: { type } }
  if (typeof type === 'string') return { choice: { type, ...rest, ...single } }
  return {
    choice: choice === 'auto' || 'disable_parallel_tool_use' in single ? { type: 'auto', ...single } : undefined,
  }
}

/**
 * The vendor wants every tool of the conversation declared. A request that has calls in its history and no tools left
 * gets their names, not to be called.
 */
export function toolsOfHistory(messages: readonly { readonly content: readonly Block[] }[]): Fields[] {
  const names = new Set<string>()
  for (const { content } of messages)
    for (const block of content)
      if (isBlock(block) && block.type === 'tool_use' && typeof block.name === 'string') names.add(block.name)
  return [...names].map((name) => ({ name, input_schema: { type: 'object', properties: {} } }))
}
