import { type Fields, fields, list, text } from '../dialects/loose-json.ts'

/**
 * The beta features that a caller may switch on, without their dates. What changes the bill in ways no price here knows
 * (fast mode) or speaks with the caller's own login (oauth) is not among them.
 */
const ALLOWED = [
  'advanced-tool-use',
  'advisor-tool',
  'cache-diagnosis',
  'claude-code',
  'code-execution',
  'compact',
  'computer-use',
  'context-1m',
  'context-management',
  'dev-full-thinking',
  'effort',
  'extended-cache-ttl',
  'files-api',
  'fine-grained-tool-streaming',
  'interleaved-thinking',
  'max-tokens-3-5-sonnet',
  'mcp-client',
  'mid-conversation-system',
  'model-context-window-exceeded',
  'output-128k',
  'output-300k',
  'pdfs',
  'prompt-caching',
  'prompt-caching-scope',
  'redact-thinking',
  'search-results',
  'skills',
  'structured-outputs',
  'summarize-connector-text',
  'task-budgets',
  'token-counting',
  'token-efficient-tools',
  'tool-examples',
  'tool-search-tool',
  'user-profiles',
  'web-fetch',
]
const BETA = new RegExp(`^(?:${ALLOWED.join('|')})-\\d{4}-\\d{2}-\\d{2}$`)
/** Claude Code writes one date without dashes. */
const COMPACT_DATE = new RegExp(`^(?:${ALLOWED.join('|')})-\\d{8}$`)

/** Those that may go on, of a header's text or a list, each once. */
export function allowedBetas(asked: unknown): string[] {
  const names = typeof asked === 'string' ? asked.split(',') : list(asked).filter((name) => typeof name === 'string')
  return [...new Set(names.map((name) => name.trim()).filter((name) => BETA.test(name) || COMPACT_DATE.test(name)))]
}

const OF_TOOLS: Readonly<Record<string, string>> = {
  computer_20241022: 'computer-use-2024-10-22',
  text_editor_20241022: 'computer-use-2024-10-22',
  bash_20241022: 'computer-use-2024-10-22',
  computer_20250124: 'computer-use-2025-01-24',
  computer_20251124: 'computer-use-2025-11-24',
  code_execution_20250522: 'code-execution-2025-05-22',
  code_execution_20250825: 'code-execution-2025-08-25',
  web_fetch_20250910: 'web-fetch-2025-09-10',
  memory_20250818: 'context-management-2025-06-27',
  mcp_toolset: 'mcp-client-2025-11-20',
}

/** The features that a body uses and that the vendor serves only to those who name them. */
export function neededBetas(body: Fields, files: boolean): string[] {
  const tools = list(body.tools).flatMap((tool) => OF_TOOLS[text(fields(tool).type) ?? ''] ?? [])
  const servers = list(body.mcp_servers).length > 0 && !tools.some((beta) => beta.startsWith('mcp-client'))
  return [
    ...new Set([
      ...tools,
      ...(servers ? ['mcp-client-2025-04-04'] : []),
      ...(files ? ['files-api-2025-04-14'] : []),
      ...(body.context_management === undefined ? [] : ['context-management-2025-06-27']),
      ...(list(fields(body.container).skills).length > 0 ? ['skills-2025-10-02', 'code-execution-2025-08-25'] : []),
    ]),
  ]
}
