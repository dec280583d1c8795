import type { Check } from './check.ts'
import { command, findingsOf } from './command.ts'

export const routesDocs: Check = {
  name: 'docs of the routes',
  find: async () =>
    findingsOf(
      await command('node', ['scripts/docs-routes.ts', '--check']),
      'Run: node scripts/docs-routes.ts   and commit what it wrote',
    ),
}
