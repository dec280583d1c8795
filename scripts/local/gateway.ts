import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import { parse as parseToml } from 'smol-toml'
import { guard, release, signal } from './reaper.ts'
import { envFile, type Variables } from './worker-variables.ts'

export interface GatewayOptions {
  /** The repository. */
  readonly root: string
  readonly stateDir: string
  readonly port: number
  readonly variables: Variables
  /** The developer's own variables, which win; may be absent. */
  readonly devVarsFile: string
  readonly log: (line: string) => void
}

export interface Gateway {
  readonly url: string
  /** Its process group. */
  readonly group: number
  /** Settles when it ends, however that comes. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/** The real Worker in `wrangler dev`, reloading by itself when a source file changes. Returns once it listens. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { root, stateDir, port, log } = options
  const program = join(root, 'node_modules/wrangler/bin/wrangler.js')
  if (!existsSync(program)) throw new Error('wrangler is not installed. Run `npm ci`, then start again.')
  const dir = join(stateDir, 'gateway')
  mkdirSync(dir, { recursive: true })
  const variablesFile = join(dir, 'variables.env')
  writeFileSync(variablesFile, envFile(options.variables), { mode: 0o600 })
  const child = spawn(
    process.execPath,
    [
      program,
      'dev',
      `--config=${writeConfig(root, dir)}`,
      `--port=${port}`,
      '--ip=127.0.0.1',
      '--inspector-port=0',
      `--persist-to=${join(dir, 'state')}`,
      '--show-interactive-dev-session=false',
      ...(existsSync(options.devVarsFile) ? [`--env-file=${options.devVarsFile}`] : []),
      `--env-file=${variablesFile}`,
    ],
    {
      cwd: root,
      // A group of its own: Ctrl-C reaches us alone, and whatever it starts ends with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...quietAndOffline, WRANGLER_LOG_PATH: join(dir, 'logs') },
    },
  )
  const { pid: group } = child
  if (group === undefined) {
    const [error] = (await once(child, 'error')) as [Error]
    throw new Error(`wrangler did not start: ${error.message}`)
  }
  guard(-group, 'SIGTERM')
  const ended = once(child, 'exit').then(() => release(-group))
  const said = await untilReady(child, log)
  if (said !== undefined) {
    signal(-group, 'SIGKILL')
    throw new Error(`The gateway did not start.${advice(said)}\n${said}`)
  }
  return { url: `http://127.0.0.1:${port}`, group, ended, stop: () => stopGroup(group, ended) }
}

const quietAndOffline = {
  CI: '1',
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
}

/**
 * wrangler.toml without its build command and crons: with a build command wrangler watches no sources and stops
 * answering while config.yaml is broken, so `npm run dev` generates by itself; and it ticks the crons itself.
 */
function writeConfig(root: string, dir: string): string {
  const {
    build: _build,
    triggers: _triggers,
    env: _env,
    ...config
  } = parseToml(readFileSync(join(root, 'wrangler.toml'), 'utf8'))
  const assets = config.assets as { directory?: string } | undefined
  const file = join(dir, 'wrangler.json')
  const resolved = {
    ...config,
    main: join(root, String(config.main)),
    ...(assets?.directory !== undefined && { assets: { ...assets, directory: join(root, assets.directory) } }),
  }
  writeFileSync(file, JSON.stringify(resolved, null, 2))
  return file
}

/** Undefined once it is ready, else its last words. */
function untilReady(child: ChildProcess, log: (line: string) => void): Promise<string | undefined> {
  return new Promise((resolve) => {
    let ready = false
    const said: string[] = []
    const hear = (raw: string) => {
      const line = stripVTControlCharacters(raw).trimEnd()
      if (!ready) said.push(line)
      if (/^\[wrangler:info\] Ready on /.test(line)) {
        ready = true
        resolve(undefined)
      } else if (ready) {
        const shown = readable(line)
        if (shown !== undefined) log(shown)
      }
    }
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', hear)
    child.once('exit', () =>
      resolve(
        said
          .filter((line) => readable(line) !== undefined)
          .slice(-15)
          .join('\n'),
      ),
    )
  })
}

/** What a person wants to see of wrangler's output: requests, logs and errors. */
export function readable(line: string): string | undefined {
  if (/^\s*$|^Your Worker has access|^Binding\s|^env\.|^⎔|^Using secrets|^🪵/.test(line)) return undefined
  return line.replace(/^\[wrangler:\w+\] /, '').replace(/^[▲✘] \[(WARNING|ERROR)\] /, '')
}

function advice(said: string): string {
  if (/EADDRINUSE|Address already in use/i.test(said)) return ' Its port was taken meanwhile; start again.'
  if (/esbuild|workerd/.test(said) && /ENOENT|not found|EACCES|platform/.test(said))
    return ' A program from npm is missing: run `npm rebuild workerd esbuild`, or remove node_modules and run `npm ci`.'
  return ''
}

async function stopGroup(group: number, ended: Promise<void>): Promise<void> {
  signal(-group, 'SIGTERM')
  const impatience = setTimeout(() => signal(-group, 'SIGKILL'), 4_000)
  await ended
  clearTimeout(impatience)
  // wrangler may be gone before its workerd.
  signal(-group, 'SIGKILL')
}
