const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]

/** Python's and LiteLLM's names for the same. */
const OTHER_NAMES: Readonly<Record<string, LogLevel>> = { warning: 'warn', critical: 'error' }

/** What `LOG_LEVEL` (or LiteLLM's `LITELLM_LOG`) asks for; `info` where it says nothing that is known. */
export function levelIn(env: object): LogLevel {
  const { LOG_LEVEL, LITELLM_LOG }: { readonly LOG_LEVEL?: unknown; readonly LITELLM_LOG?: unknown } = env
  const asked = String(LOG_LEVEL ?? LITELLM_LOG ?? '').toLowerCase()
  return OTHER_NAMES[asked] ?? LEVELS.find((level) => level === asked) ?? 'info'
}

let least: LogLevel = 'info'

/** From then on this isolate's log has nothing below the level. */
export function logFrom(level: LogLevel): void {
  least = level
}

/** One line of JSON for the operator; never a body, a key or a prompt, nor the values of a statement that failed. */
export function operatorLog(level: LogLevel, message: string, facts: Readonly<Record<string, unknown>>): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return
  console.error(JSON.stringify({ level, message, ...facts }, (_, value: unknown) => withoutParams(value)))
}

/** The same at every level: somebody has asked for this line. */
export function debugLine(message: string, facts: Readonly<Record<string, unknown>>): void {
  console.error(JSON.stringify({ level: 'debug', message, ...facts }))
}

/** What drizzle says of a statement that failed ends with everything that was to be written. */
function withoutParams(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const at = value.indexOf('\nparams: ')
  return at < 0 || !value.includes('Failed query:') ? value : value.slice(0, at)
}

export const warn = (message: string, facts: Readonly<Record<string, unknown>>) => operatorLog('warn', message, facts)
