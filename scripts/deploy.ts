// npm run deploy [-- --dry-run] [-- --env staging] [-- --url https://gateway.example.com] [-- --allow-missing]
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, parseEnv } from 'node:util'
import { command } from './check/command.ts'
import { buildConfig } from './config/build.ts'
import { migrate } from './db/migrate.ts'
import { rehearseMigrations } from './deploy/rehearse-migrations.ts'
import { type DeployPlan, deploy, rehearse, type World } from './deploy/run.ts'
import { secretsFileOf } from './deploy/secrets.ts'
import { DeployStop } from './deploy/stop.ts'
import { readWranglerToml, targetOf } from './deploy/target.ts'
import { installedWrangler } from './deploy/wrangler.ts'

try {
  const { values } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      env: { type: 'string', default: 'production' },
      url: { type: 'string' },
      'allow-missing': { type: 'boolean', default: false },
    },
  })
  const wranglerToml = readWranglerToml()
  const target = targetOf(wranglerToml, values.env)
  const { account, secrets } = secretsIn(secretsFileOf(target))
  const fileName = process.env.GATEWAY_CONFIG ?? 'config.yaml'
  const plan: DeployPlan = {
    target,
    config: buildConfig(readText(fileName), { fileName, target: 'deploy' }).config,
    wranglerToml,
    root: process.cwd(),
    release: await release(),
    secrets,
    databaseUrl: process.env.DATABASE_URL ?? secrets.DATABASE_URL,
    masterKey: process.env.LITELLM_MASTER_KEY ?? secrets.LITELLM_MASTER_KEY,
    url: values.url,
    allowMissing: values['allow-missing'],
  }
  const world: World = {
    wrangler: installedWrangler(account),
    migrate,
    rehearseMigrations,
    generate,
    fetch,
    sleep,
    log: (line) => console.log(line),
  }
  await (values['dry-run'] ? rehearse(plan, world) : deploy(plan, world))
} catch (error) {
  console.error(
    error instanceof DeployStop ? `\n${error.message}` : error instanceof Error ? error.message : String(error),
  )
  process.exitCode = 1
}

function readText(fileName: string): string {
  try {
    return readFileSync(fileName, 'utf8')
  } catch {
    throw new DeployStop(`${fileName} cannot be read. Write it, or name another file in GATEWAY_CONFIG.`)
  }
}

/** Secrets for the Worker, and apart from them the variables by which wrangler knows the account. */
function secretsIn(file: string): { account: Record<string, string>; secrets: Record<string, string> } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return { account: {}, secrets: {} }
  }
  const given = Object.entries(parseEnv(text)).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, value]],
  )
  const isAccount = ([name]: [string, string]) => name.startsWith('CLOUDFLARE_')
  return {
    account: Object.fromEntries(given.filter(isAccount)),
    secrets: Object.fromEntries(given.filter((one) => !isAccount(one))),
  }
}

/** The version is a commit, so that an answer's version leads to its source. */
async function release(): Promise<DeployPlan['release']> {
  const [commit, subject] = await Promise.all([
    command('git', ['rev-parse', '--short=12', 'HEAD']),
    command('git', ['log', '-1', '--format=%s']),
  ])
  if (commit.code !== 0) return { tag: 'no-commit', message: 'deployed from a folder without git' }
  return { tag: commit.output.trim(), message: subject.output.trim().slice(0, 100) }
}

async function generate(): Promise<void> {
  const { code, output } = await command('node', ['scripts/generate.ts'])
  if (code !== 0) throw new DeployStop(`Generating from the config failed:\n${output.trim()}`)
}
