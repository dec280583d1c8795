import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import type { Check } from './check.ts'

const ranges = z.record(z.string(), z.string()).default({})
const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      resolved: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
      dependencies: ranges,
      optionalDependencies: ranges,
    }),
  ),
})
const manifest = z.object({ allowScripts: z.record(z.string(), z.boolean()) })

/**
 * Pure: addresses that would tie every clone to one registry, install scripts that npm 12 would silently skip, and
 * packages without an entry, over which `npm ci` stops (npm writes none for a platform its registry does not have).
 */
export function lockfileFaults(lockText: string, manifestText: string): readonly string[] {
  const { packages } = lock.parse(JSON.parse(lockText))
  const { allowScripts } = manifest.parse(JSON.parse(manifestText))
  return Object.entries(packages).flatMap(([path, entry]) => {
    const name = path.split('node_modules/').at(-1) || 'tollgate'
    const wanted = Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
    return [
      ...(entry.resolved?.startsWith('http')
        ? [
            `package-lock.json: ${name} has a download address. Run: npm install --package-lock-only   (.npmrc leaves addresses out)`,
          ]
        : []),
      ...(entry.hasInstallScript && !(name in allowScripts)
        ? [
            `package.json: ${name} has an install script and is not in allowScripts. Name it there: true if it is needed, else false.`,
          ]
        : []),
      ...wanted
        .filter((other) => !resolves(packages, path, other))
        .map(
          (other) =>
            `package-lock.json: ${other}, which ${name} depends on, has no entry, so npm ci refuses. Take the entry from a registry that has it, or write it: version, os, cpu, optional.`,
        ),
    ]
  })
}

/** As Node looks: in the package's own node_modules, then in each one above. */
function resolves(packages: Readonly<Record<string, unknown>>, from: string, name: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in packages) return true
    if (at === '') return false
  }
}

export const lockfile: Check = {
  name: 'lockfile',
  find: async () => lockfileFaults(await readFile('package-lock.json', 'utf8'), await readFile('package.json', 'utf8')),
}
