import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../../scripts/local/free-port.ts'
import { runningProcesses } from '../../../scripts/local/processes.ts'

const repo = fileURLToPath(new URL('../../..', import.meta.url))
/** A clone in small: the scripts as they are, and a Worker and a generator that show what dev gave them. */
const clone = mkdtempSync(join(tmpdir(), 'tollgate-dev-'))
const config = join(clone, 'config.yaml')
let port: number

const objects = readFileSync(join(repo, 'wrangler.toml'), 'utf8').matchAll(/^class_name = "(\w+)"/gm)
const worker = `import { DurableObject } from 'cloudflare:workers'
import { config } from './generated/config.ts'
${[...new Set([...objects].map(([, name]) => `export class ${name} extends DurableObject {}`))].join('\n')}
let crons = 0
export default {
  fetch: (request: Request, env: Record<string, unknown>) =>
    Response.json({ config, crons, master: env.LITELLM_MASTER_KEY, data: [{ id: 'a-model' }] }),
  scheduled() { crons += 1 },
  queue() {},
}
`
const generator = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
const text = readFileSync('config.yaml', 'utf8').trim()
if (text === 'broken') { console.error('line 1 is broken'); process.exit(1) }
mkdirSync('src/generated', { recursive: true })
writeFileSync('src/generated/config.ts', 'export const config = ' + JSON.stringify(text))
`

beforeAll(async () => {
  chmodSync(clone, 0o711)
  for (const path of [
    'scripts/local',
    'scripts/db',
    'scripts/dev.ts',
    'src/db',
    'migrations',
    'wrangler.toml',
    'package.json',
  ])
    cpSync(join(repo, path), join(clone, path), { recursive: true })
  symlinkSync(join(repo, 'node_modules'), join(clone, 'node_modules'))
  cpSync(join(repo, 'src/dashboard/public'), join(clone, 'src/dashboard/public'), { recursive: true })
  writeFileSync(join(clone, 'src/worker.ts'), worker)
  writeFileSync(join(clone, 'scripts/generate.ts'), generator)
  port = await freePort()
})
afterAll(() => rmSync(clone, { recursive: true, force: true }))

let running: { child: ChildProcess; output: () => string } | undefined
afterEach(async () => {
  if (running?.child.exitCode === null && running.child.signalCode === null) {
    running.child.kill('SIGTERM')
    await once(running.child, 'exit')
  }
})

function dev(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['scripts/dev.ts'], {
    cwd: clone,
    env: { ...process.env, PORT: String(port), LITELLM_MASTER_KEY: 'sk-of-the-test', ...env },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  running = { child, output: () => text }
  return running
}

const until = (output: () => string, text: string) =>
  expect.poll(output, { timeout: 60_000, interval: 100 }).toContain(text)
const ask = async () => (await fetch(`http://127.0.0.1:${port}/`)).json()
const inClone = () => runningProcesses().filter(({ command }) => command.includes(clone))
const nothingLeft = () => expect.poll(inClone, { timeout: 10_000, interval: 100 }).toEqual([])

test('runs, follows the config, survives a broken one, and leaves nothing behind', async () => {
  writeFileSync(config, 'one')
  const { child, output } = dev()
  await until(output, 'Tollgate is running')
  expect(output()).toContain('Bearer sk-of-the-test')
  expect(output()).toContain('"model": "a-model"')
  expect(await ask()).toMatchObject({ config: 'one', master: 'sk-of-the-test' })

  writeFileSync(config, 'broken')
  await until(output, 'line 1 is broken')
  expect(await ask()).toMatchObject({ config: 'one' })
  writeFileSync(config, 'second')
  await expect.poll(ask, { timeout: 15_000 }).toMatchObject({ config: 'second' })

  const second = dev()
  await once(second.child, 'exit')
  expect(second.output()).toContain('already runs here')

  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  await nothingLeft()
}, 120_000)

test('killed outright, it takes everything along, and the next start works', async () => {
  writeFileSync(config, 'one')
  const first = dev()
  await until(first.output, 'Tollgate is running')
  first.child.kill('SIGKILL')
  await nothingLeft()
  const second = dev()
  await until(second.output, 'Tollgate is running')
  expect(await ask()).toMatchObject({ config: 'one' })
  second.child.kill('SIGINT')
  await once(second.child, 'exit')
  await nothingLeft()
}, 180_000)

test.each([
  ['a broken config', 'broken', {}, 'config.yaml has problems (above)'],
  ['a port that is none', 'one', { PORT: 'eighty' }, 'PORT is "eighty", which is no port'],
])(
  '%s is a sentence',
  async (_, text, env, sentence) => {
    writeFileSync(config, text)
    const { child, output } = dev(env)
    const [code] = await once(child, 'exit')
    expect([code, output()]).toEqual([1, expect.stringContaining(sentence)])
    await nothingLeft()
  },
  60_000,
)

test('a port in use is a sentence', async () => {
  writeFileSync(config, 'one')
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  const { child, output } = dev()
  await once(child, 'exit')
  other.close()
  expect(output()).toContain(`Port ${port} is in use`)
  expect(output()).not.toMatch(/^\s+at /m)
}, 60_000)
