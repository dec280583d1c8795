import type * as z from 'zod'
import type { Notice } from '../../src/config/config.ts'
import { nearestName } from '../../src/config/nearest.ts'
import { isReference, mayBeShown, pathText, shownKey } from '../../src/models/row/secrets.ts'
import { type ConfigFile, configFile } from './schema/file.ts'

type Path = readonly PropertyKey[]

export interface Validated {
  /** What of the file can be used; what was wrong or unknown is left out and stands in `notices`. */
  readonly file: ConfigFile
  readonly notices: readonly Notice[]
}

/** Checks types and names, everything at once. `isActive` says which paths have an effect today. */
export function validate(
  value: unknown,
  lineOf: (path: Path) => number | undefined,
  isActive: (path: Path) => boolean,
): Validated {
  const notices: Notice[] = []
  const told = new Set<string>()
  let rest = withoutNulls(value)
  for (let pass = 0; pass < 10; pass++) {
    const result = configFile.safeParse(rest)
    if (result.success) return { file: result.data, notices }
    const wrong = result.error.issues.flatMap((issue) => pathsOf(issue))
    for (const { path, message, unknown } of wrong) {
      const found = at(rest, path)
      // A reference is fine where its value is not read yet: nobody knows its type before it is used.
      if (typeof found === 'string' && isReference(found) && !isActive(path)) continue
      // What was wrong and taken out is missing now; that is no second problem.
      const name = JSON.stringify(path)
      if (told.has(name)) continue
      told.add(name)
      const line = lineOf(path)
      notices.push({
        level: unknown ? 'warning' : 'error',
        path: pathText(path),
        ...(line === undefined ? {} : { line }),
        message: unknown ? message : `found ${shown(path, found)}, expected ${message}`,
      })
    }
    rest = closed(wrong.reduce<unknown>((kept, { path }) => without(kept, path), rest)) ?? {}
  }
  return { file: {}, notices }
}

interface Wrong {
  readonly path: Path
  readonly message: string
  readonly unknown: boolean
}

function pathsOf(issue: z.core.$ZodIssue): Wrong[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message, unknown: false }]
  const known = issue.message.split(' ')
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    message: `unknown key, ignored; did you mean '${nearestName(key, known) ?? ''}'?`,
    unknown: true,
  }))
}

/** LiteLLM reads null as absent; so do we, everywhere. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key, inner]) => inner !== null && key !== '__proto__')
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]))
}

export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  )
}

/** The value without what stands at the path; where a required field is missing, without the row that lacks it. */
function without(value: unknown, path: Path): unknown {
  const [key, ...rest] = path
  if (typeof value !== 'object' || value === null || key === undefined) return undefined
  if (!Object.hasOwn(value, key)) return undefined
  const inner = rest.length === 0 ? undefined : without((value as Record<PropertyKey, unknown>)[key], rest)
  // An empty place keeps the rows behind it where they were, and so their lines.
  if (Array.isArray(value)) return value.map((item, index) => (index === Number(key) ? inner : item))
  if (inner === undefined && rest.length > 0) return undefined
  const kept = Object.entries(value).filter(([name]) => name !== key)
  return Object.fromEntries(inner === undefined ? kept : [...kept, [key, inner]])
}

/** Closes the empty places of lists, except in `model_list`, whose rows are known by their index. */
function closed(value: unknown, key?: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => closed(item))
    return key === 'model_list' ? items : items.filter((item) => item !== undefined)
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, closed(inner, name)]))
}

function shown(path: Path, value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value !== 'string') return 'a mapping'
  if (isReference(value)) return `a reference (${shownKey(value)}), whose value only the running Worker knows`
  return mayBeShown(path, value) ? `the text "${value}"` : 'a text (not shown: it may be a secret)'
}
