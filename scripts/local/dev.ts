import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, parseEnv } from 'node:util'
import * as z from 'zod'
import { generate, watchConfig } from './config-watch.ts'
import { takeDevLock } from './dev-lock.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { runningProcesses } from './processes.ts'
import { signal } from './reaper.ts'
import { startStack } from './stack.ts'
import { localVariables, standIns, type Variables } from './worker-variables.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const say = (line: string) => console.log(line)

const usage = `npm run dev [-- options]
  --fresh        forget what former runs stored
  --state DIR    where the state lives (default .local)
  --vars FILE    your own variables and provider keys (default .dev.vars)
Environment: PORT (default 8787), LITELLM_MASTER_KEY, LITELLM_SALT_KEY, GATEWAY_CONFIG`

/** A signal came while something was still starting. */
class Asked extends Error {}

/** Runs everything there is until a signal comes or the gateway ends. Answers the exit code. */
export async function dev(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fresh: { type: 'boolean', default: false },
      state: { type: 'string', default: join(root, '.local') },
      vars: { type: 'string', default: join(root, '.dev.vars') },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    say(usage)
    return 0
  }
  const startedAt = Date.now()
  const stateDir = resolve(values.state)
  const devVarsFile = resolve(values.vars)
  const devVars = readDevVars(devVarsFile)
  const configFile = resolve(root, process.env.GATEWAY_CONFIG || 'config.yaml')
  const port = portFrom(process.env.PORT)

  const { ended: asked, ends } = whenAsked()
  const unlessAsked = <T>(work: Promise<T>) => Promise.race([work, asked.then(() => Promise.reject(new Asked()))])
  const stops: (() => unknown)[] = [ends]
  try {
    const lock = await takeDevLock(join(stateDir, 'dev.json'))
    stops.push(() => lock.release())
    await requireFree(port)

    if (values.fresh) rmSync(join(stateDir, 'gateway'), { recursive: true, force: true })
    const stack = startStack({ stateDir, fresh: values.fresh, log: say, providers: standIns(devVars).length > 0 })
    // The stack ends before the lock goes, also when the config is what stops us.
    stops.push(() =>
      stack.then(
        (running) => running.stop(),
        () => {},
      ),
    )
    const [running, good] = await unlessAsked(
      Promise.all([stack, generate(root, (text) => process.stdout.write(text))]),
    )
    if (!good) throw new Error(`${relative(root, configFile)} has problems (above). Correct them, then start again.`)
    for (const name of ['DATABASE_URL', 'UPSTASH_REDIS_REST_URL'])
      if (devVars[name]) say(`note       ${name} comes from ${relative(root, devVarsFile)}; the local one stays unused`)

    const variables = localVariables(running, devVars, process.env)
    let welcomed = false
    const log = (line: string) => {
      // The first request is our own.
      if (welcomed || !line.startsWith('GET /v1/models ')) say(`gateway    ${line}`)
    }
    const gateway = await unlessAsked(startGateway({ root, stateDir, port, variables, devVarsFile, log }))
    stops.push(() => gateway.stop())
    lock.noteGateway(gateway.group)
    stops.push(watchConfig(configFile, root, log))
    stops.push(tickCrons(gateway.url, log))
    say(`gateway    ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
    say(await unlessAsked(welcome(gateway, variables, devVars)))
    welcomed = true

    const unasked = await Promise.race([asked.then(() => false), gateway.ended.then(() => true)])
    if (!unasked) return 0
    say('The gateway ended by itself; what it said last is above. Start it again with `npm run dev`.')
    return 1
  } catch (error) {
    if (error instanceof Asked) return 0
    throw error
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

function readDevVars(file: string): Variables {
  if (!existsSync(file)) return {}
  const entries = Object.entries(parseEnv(readFileSync(file, 'utf8')))
  return Object.fromEntries(entries.flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

function portFrom(text: string | undefined): number {
  if (!text) return 8787
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new Error(`PORT is "${text}", which is no port. Give a number from 1 to 65535, or leave it out for 8787.`)
}

async function requireFree(port: number): Promise<void> {
  const problem = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const probe = createServer()
    probe.once('error', resolve)
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(undefined)))
  })
  if (!problem) return
  if (problem.code === 'EACCES') throw new Error(`Port ${port} needs more rights than you have. Choose one above 1023.`)
  throw new Error(
    `Port ${port} is in use by another program. Stop that one, or choose another port: PORT=${port + 1} npm run dev`,
  )
}

/** Settles on a signal, or when whoever started us is gone: npm does not pass on how it was ended. */
function whenAsked(): { ended: Promise<void>; ends: () => void } {
  let ends = () => {}
  const ended = new Promise<void>((resolve) => {
    const parent = process.ppid
    const npm = npmAbove(parent)
    const orphaned = setInterval(() => {
      if (process.ppid !== parent || (npm !== undefined && !signal(npm, 0))) resolve()
    }, 500)
    orphaned.unref()
    const heard = () => resolve()
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, heard)
    // Nobody reads our output any more.
    process.stdout.on('error', heard)
    process.stderr.on('error', heard)
    ends = () => clearInterval(orphaned)
  })
  return { ended, ends }
}

/** npm puts a shell between itself and us, which outlives it. */
function npmAbove(parent: number): number | undefined {
  const shell = runningProcesses().find(({ pid }) => pid === parent)
  return shell && /^\S*sh -c /.test(shell.command) ? shell.parent : undefined
}

/** `wrangler dev` never fires a cron by itself. */
function tickCrons(url: string, log: (line: string) => void): () => void {
  const tick = async () => {
    const cron = new URLSearchParams({ cron: '* * * * *' })
    const answer = await fetch(`${url}/cdn-cgi/handler/scheduled?${cron}`, { signal: AbortSignal.timeout(50_000) })
    if (!answer.ok) log(`the cron failed: ${await answer.text()}`)
  }
  const timer = setInterval(() => {
    tick().catch((error: unknown) => {
      log(`the cron could not run (${error instanceof Error ? error.message : String(error)})`)
    })
  }, 60_000)
  return () => clearInterval(timer)
}

const models = z.object({ data: z.array(z.object({ id: z.string() })) })

async function welcome({ url }: Gateway, variables: Variables, devVars: Variables): Promise<string> {
  const key = devVars.LITELLM_MASTER_KEY ?? variables.LITELLM_MASTER_KEY ?? ''
  const own = devVars.LITELLM_MASTER_KEY !== undefined
  const answer = await fetch(`${url}/v1/models`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(10_000),
  })
  const offered = models.safeParse(await answer.json().catch(() => undefined))
  const model = offered.data?.data[0]?.id ?? 'gpt-4o-mini'
  // A key of your own is a secret, and this line may end up in a log.
  const shown = own ? '$LITELLM_MASTER_KEY' : key
  return `
Tollgate is running.

  URL         ${url}
  Master key  ${own ? 'LITELLM_MASTER_KEY of your .dev.vars' : key}

Try it:

  curl ${url}/v1/chat/completions \\
    -H "Authorization: Bearer ${shown}" \\
    -H "Content-Type: application/json" \\
    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'

Ctrl-C stops it. State is kept; start clean with: npm run dev -- --fresh
`
}
