import type { Check } from './check.ts'
import { command, findingsOf } from './command.ts'

const made = (name: string, script: string): Check => ({
  name,
  find: async () =>
    findingsOf(await command('node', [script, '--check']), `Run: node ${script}   and commit what it wrote`),
})

export const routesDocs = made('docs of the routes', 'scripts/docs-routes.ts')
export const vendorsDocs = made('docs of the vendors', 'scripts/docs-vendors.ts')
