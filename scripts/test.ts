// npm test [-- PROJECT] [-- vitest's arguments]: every test there is, or one project's (unit, workers, e2e).
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { migratedPostgres } from './test/migrated-postgres.ts'

const PROJECTS = ['unit', 'workers', 'e2e']

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
})

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: 'inherit', shell: process.platform === 'win32' })
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
    process.on('SIGINT', pass).on('SIGTERM', pass)
    child.on('error', (error) => {
      console.error(`${program} did not start: ${error.message}. Run npm ci, and start the tests with npm test.`)
      resolve(1)
    })
    child.on('close', (code) => {
      process.off('SIGINT', pass).off('SIGTERM', pass)
      resolve(code ?? 1)
    })
  })
}

/** A file that does not load, or an error outside of every test, counts as a failure too. */
async function tally(file: string, code: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return '0 passed, 1 failed'
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = report.parse(JSON.parse(text))
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  ).length
  const failed = Math.max(numFailedTests + broken, code === 0 ? 0 : 1)
  const skipped = numPendingTests + numTodoTests
  return `${numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

const [first, ...rest] = process.argv.slice(2)
const project = first !== undefined && PROJECTS.includes(first) ? first : undefined
const others = project === undefined && first !== undefined ? [first, ...rest] : rest

const folder = await mkdtemp(join(tmpdir(), 'tollgate-test-'))
try {
  const file = join(folder, 'report.json')
  let code = await run('node', ['scripts/generate.ts'])
  if (code === 0) {
    const chosen =
      project === undefined ? [] : [project, ...(project === 'e2e' ? ['storm'] : [])].map((one) => `--project=${one}`)
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const begin = await migratedPostgres(folder)
    const env = { ...process.env, TOLLGATE_TEST_POSTGRES: begin.dataDir }
    code = await run('vitest', ['run', ...chosen, ...reporters, ...others], env)
    await begin.remove()
  }
  console.log(await tally(file, code))
  process.exitCode = code
} finally {
  await rm(folder, { recursive: true, force: true })
}
