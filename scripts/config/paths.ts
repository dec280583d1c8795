import { capabilities } from '../../src/config/capabilities.ts'
import type { Capability } from '../../src/config/capability.ts'
import { replaced } from './replaced.ts'

const inactive = new Map(
  capabilities.flatMap((row) => [...(row.config ?? []), ...(row.restricts ?? [])].map((name) => [name, row] as const)),
)

/** The capability that a path, or anything around it, waits for. */
export function inactivePath(path: readonly PropertyKey[]): Capability | undefined {
  return around(path, (name) => inactive.get(name))
}

/** What replaces a path, or anything around it, at the edge. */
export function replacedPath(path: readonly PropertyKey[]): string | undefined {
  return around(path, (name) => (Object.hasOwn(replaced, name) ? replaced[name] : undefined))
}

function around<Found>(path: readonly PropertyKey[], find: (name: string) => Found | undefined): Found | undefined {
  const names = path.map((part) => (typeof part === 'number' ? '*' : String(part)))
  for (let length = names.length; length > 0; length--) {
    const found = find(names.slice(0, length).join('.'))
    if (found !== undefined) return found
  }
  return undefined
}
