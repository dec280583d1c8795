type Fields = { readonly [field: string]: unknown }

/** What the vendor may do for a request by itself, beside answering it. */
export interface VendorTools {
  /** The most searches it can bill; 0 when it may not search. */
  readonly searches: number
  /** Why nobody can say what it will cost, if so. */
  readonly unbounded?: string
}

const NONE: VendorTools = { searches: 0 }
const ADVICE = 'Leave it out, or use a caller without a budget.'

/** Tools that the caller runs, by Anthropic's, OpenAI's and Google's names: they cost their tokens and no more. */
const RUN_BY_CALLER =
  /^(function|custom|(bash|text_editor|computer|memory)_\d{8}|tool_search_tool_\w+|computer(_use_preview)?|computerUse|local_shell|apply_patch|namespace)$/
const ANTHROPIC_SEARCH = /^web_search_\d{8}$/

/** Fields that change the price or set the vendor to work on its own, with the value that asks for nothing. */
const BILLED_APART: Readonly<Record<string, unknown>> = {
  web_search_options: undefined,
  search_parameters: undefined,
  plugins: undefined,
  mcp_servers: undefined,
  compound_custom: undefined,
  models: undefined,
  speed: 'standard',
  inference_geo: 'global',
}

/**
 * What a vendor's own tools can cost. Searches of the web with a `max_uses` are bounded, as Anthropic documents it; every
 * other tool that runs at the vendor may bill as often as it likes.
 */
export function vendorTools(body: Fields): VendorTools {
  for (const field in BILLED_APART) {
    const value = body[field]
    if (value === undefined || value === null || value === BILLED_APART[field]) continue
    if (Array.isArray(value) && value.length === 0) continue
    return { searches: 0, unbounded: `${field} is billed beside the tokens. ${ADVICE}` }
  }
  const { tools } = body
  if (!Array.isArray(tools) || tools.length === 0) return NONE
  let searches = 0
  for (const tool of tools) {
    const { type, max_uses } = fieldsOf(tool)
    const kind = typeof type === 'string' ? type : kindOf(fieldsOf(tool))
    if (kind === undefined || RUN_BY_CALLER.test(kind)) continue
    const most = ANTHROPIC_SEARCH.test(kind) && Number.isInteger(max_uses) ? Number(max_uses) : -1
    if (most < 0) return { searches: 0, unbounded: unboundedTool(kind) }
    searches += most
  }
  return searches === 0 ? NONE : { searches }
}

function unboundedTool(kind: string): string {
  return ANTHROPIC_SEARCH.test(kind)
    ? `The tool ${kind} is billed for each search. Give it max_uses, or use a caller without a budget.`
    : `The tool ${kind} runs at the provider, which bills it beside the tokens. ${ADVICE}`
}

/** A tool without a type is a function, or one of Google's, whose name is its only field. */
function kindOf(tool: Fields): string | undefined {
  if (tool.function !== undefined || tool.input_schema !== undefined || tool.name !== undefined) return undefined
  return Object.keys(tool).find((name) => !/^function_?declarations$/i.test(name))
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
