import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import type { Check } from './check.ts'

const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ resolved: z.string().optional(), hasInstallScript: z.boolean().optional() }),
  ),
})
const manifest = z.object({ allowScripts: z.record(z.string(), z.boolean()) })

/** Pure: addresses that would tie every clone to one registry, and install scripts that npm 12 would silently skip. */
export function lockfileFaults(lockText: string, manifestText: string): readonly string[] {
  const { packages } = lock.parse(JSON.parse(lockText))
  const { allowScripts } = manifest.parse(JSON.parse(manifestText))
  return Object.entries(packages).flatMap(([path, { resolved, hasInstallScript }]) => {
    const name = path.split('node_modules/').at(-1) ?? path
    return [
      ...(resolved?.startsWith('http')
        ? [
            `package-lock.json: ${name} has a download address. Run: npm install --package-lock-only   (.npmrc leaves addresses out)`,
          ]
        : []),
      ...(hasInstallScript && !(name in allowScripts)
        ? [
            `package.json: ${name} has an install script and is not in allowScripts. Name it there: true if it is needed, else false.`,
          ]
        : []),
    ]
  })
}

export const lockfile: Check = {
  name: 'lockfile',
  find: async () => lockfileFaults(await readFile('package-lock.json', 'utf8'), await readFile('package.json', 'utf8')),
}
