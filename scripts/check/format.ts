import type { Check } from './check.ts'
import { command, findingsOf } from './command.ts'

export const format: Check = {
  name: 'format and lint',
  find: async () =>
    findingsOf(
      await command('biome', ['check', '--error-on-warnings', '--colors=off', '.']),
      'Run: npm run format   (it mends what can be mended; the rest is yours)',
    ),
}
