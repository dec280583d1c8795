// npm run prove:mutants [-- --only WORD]: breaks the code on purpose, one rule at a time, in a copy of its own, and runs the
// tests that must see it. docs/proofs.md says what each stands for.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mutant, mutants } from './prove/mutants.ts'

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const root = resolve(import.meta.dirname, '..')
const copy = mkdtempSync(join(tmpdir(), 'tollgate-mutants-'))
process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
for (const file of files) {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  cpSync(join(root, file), join(copy, file))
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
execFileSync(process.execPath, ['scripts/generate.ts'], { cwd: copy, stdio: 'ignore' })

interface Seen {
  readonly failed: number
  readonly passed: number
  readonly first: string
}

/** Runs tests in the copy. A file that could not be run at all counts as nothing seen. */
function run({ project, tests }: Mutant): Seen {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const options = ['--project', project, '--reporter=json', `--outputFile=${report}`]
  spawnSync('npx', ['vitest', 'run', ...options, ...tests], { cwd: copy, stdio: 'ignore' })
  const { numFailedTests, numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    readonly numFailedTests: number
    readonly numPassedTests: number
    readonly testResults: readonly {
      readonly assertionResults: readonly { readonly status: string; readonly title: string }[]
    }[]
  }
  const all = testResults.flatMap(({ assertionResults }) => assertionResults)
  const first = all.find(({ status }) => status === 'failed')?.title ?? ''
  return { failed: numFailedTests, passed: numPassedTests, first }
}

/** Breaks what a mutant breaks; answers how it is mended again. */
function broken({ breaks }: Mutant): () => void {
  const whole = new Map(breaks.map(({ file }) => [file, readFileSync(join(copy, file), 'utf8')]))
  for (const { file, text, by } of breaks) {
    const now = readFileSync(join(copy, file), 'utf8')
    if (now.split(text).length !== 2)
      throw new Error(`${file} does not have this exactly once, so the mutant has to be written anew:\n${text}`)
    writeFileSync(
      join(copy, file),
      now.replace(text, () => by),
    )
  }
  return () => {
    for (const [file, text] of whole) writeFileSync(join(copy, file), text)
  }
}

const chosen = mutants.filter(({ name }) => name.includes(values.only))
if (chosen.length === 0) throw new Error(`No mutant has ${JSON.stringify(values.only)} in its name.`)
const unbroken = new Map<string, Seen>()
const escaped: string[] = []
for (const mutant of chosen) {
  // Tests that fail anyway would see any mutant.
  const tests = [mutant.project, ...mutant.tests].join(' ')
  const before = unbroken.get(tests) ?? run(mutant)
  unbroken.set(tests, before)
  if (before.failed > 0 || before.passed === 0)
    throw new Error(`Nothing can be proved: ${tests} does not pass as it is (first "${before.first}").`)
  const mend = broken(mutant)
  const { failed, passed, first } = run(mutant)
  mend()
  const isSeen = failed > 0
  if (!isSeen) escaped.push(mutant.name)
  console.log(
    `${isSeen ? 'seen   ' : 'ESCAPED'} ${mutant.name}: ${failed} of ${failed + passed} tests fail${isSeen ? `, first "${first}"` : ''}`,
  )
}
console.log(escaped.length === 0 ? 'Every mutant was seen.' : `${escaped.length} mutants were not seen.`)
console.log(JSON.stringify({ mutants: chosen.length, seen: chosen.length - escaped.length, escaped }))
process.exitCode = escaped.length === 0 ? 0 : 1
