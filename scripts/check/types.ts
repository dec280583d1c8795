import type { Check } from './check.ts'
import { command, findingsOf } from './command.ts'

/** A program for each place where code runs, because the types of Workers and of Node must not mix. */
const PROJECTS = ['tsconfig.json', 'scripts/tsconfig.json', 'test/tsconfig.json', 'test/workers/tsconfig.json']

export const types: Check = {
  name: 'types',
  find: async () => {
    const found = []
    for (const project of PROJECTS) {
      found.push(...findingsOf(await command('tsc', ['--noEmit', '-p', project]), `in ${project}`))
    }
    return found
  },
}
