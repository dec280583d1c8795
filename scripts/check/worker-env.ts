import type { Check } from './check.ts'
import { command, quietWrangler } from './command.ts'

export const workerEnv: Check = {
  name: 'generated Env',
  find: async () => {
    const { code, output } = await command('wrangler', ['types', '--check'], quietWrangler)
    if (code === 0) return []
    const said = /ERROR\s*(.*)/.exec(output)?.[1]?.trim() ?? output.trim()
    return [`worker-configuration.d.ts: ${said}\nRun: npm run types   and commit the file`]
  },
}
