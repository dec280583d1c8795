import type { Config } from '../../src/config/config.ts'
import { publish, type Release } from './publish.ts'
import { createQueues } from './queues.ts'
import { requireSecrets, type Secret, secretsAt, secretsFileOf, secretsOf } from './secrets.ts'
import { smoke } from './smoke.ts'
import { DeployStop } from './stop.ts'
import { environmentFlag, type Target } from './target.ts'
import { refusal, type Wrangler } from './wrangler.ts'

export interface DeployPlan {
  readonly target: Target
  readonly config: Config
  readonly wranglerToml: string
  readonly root: string
  readonly release: Release
  /** What stands in the secrets file. */
  readonly secrets: Readonly<Record<string, string>>
  /** From the environment or the secrets file. */
  readonly databaseUrl: string | undefined
  readonly masterKey: string | undefined
  /** Where the gateway will be, if the operator knows better than Cloudflare. */
  readonly url: string | undefined
  readonly allowMissing: boolean
}

/** What a deploy does to the world; tests give a world of their own. */
export interface World {
  readonly wrangler: Wrangler
  readonly migrate: (databaseUrl: string, log: (line: string) => void) => Promise<void>
  /** Runs every migration against an empty database that is gone afterwards. */
  readonly rehearseMigrations: (log: (line: string) => void) => Promise<void>
  readonly generate: () => Promise<void>
  readonly fetch: typeof fetch
  readonly sleep: (ms: number) => Promise<void>
  readonly log: (line: string) => void
}

/** Each step may stop the deploy, and nothing is uploaded before everything it needs is there. */
export async function deploy(plan: DeployPlan, world: World): Promise<void> {
  const { target, config } = plan
  const step = steps(world.log)

  step(`Config ${config.version}: ${config.deployments.length} deployments`)
  reportNotices(config, world.log)

  step('Secrets')
  const there = await secretsAt(target, world.wrangler)
  const has = (name: string) => there.has(name) || name in plan.secrets || target.vars.includes(name)
  const off = requireSecrets(secretsOf(config), has, target, plan.allowMissing)
  for (const { name, uses } of off) world.log(`${name} is missing: off is ${uses.join(', ')}`)

  step(`Queues ${target.queues.join(', ')}`)
  await createQueues(target, world.wrangler, world.log)

  step('Database')
  await world.migrate(databaseUrlOf(plan), world.log)

  step(`Deploy ${target.worker} ${plan.release.tag}`)
  await world.generate()
  const named = await publish(plan, world.wrangler, world.log)

  step('Smoke test')
  const address = (plan.url ?? named)?.replace(/\/$/, '')
  if (address === undefined) {
    throw new DeployStop('Deployed, but Cloudflare named no address to test. Run again with --url https://your.domain')
  }
  await smoke({ url: address, masterKey: plan.masterKey, ...world }, world.log)
  world.log(`\nTollgate runs at ${address}`)
}

/** Everything that needs no account, and the list of what the real deploy will ask for. */
export async function rehearse(plan: DeployPlan, world: World): Promise<void> {
  const { target, config } = plan
  const step = steps(world.log)

  step(`Config ${config.version}: ${config.deployments.length} deployments`)
  reportNotices(config, world.log)

  step('Secrets that the deploy will require')
  for (const secret of secretsOf(config)) world.log(described(secret, secret.name in plan.secrets))

  step(`Queues that it will create where they are missing: ${target.queues.join(', ')}`)

  step('Migrations, on an empty PostgreSQL')
  await world.rehearseMigrations(world.log)

  step(`Bundle of ${target.worker}`)
  await world.generate()
  const built = await world.wrangler.run([
    'deploy',
    '--dry-run',
    environmentFlag(target),
    `--outdir=.local/deploy/${target.environment}`,
  ])
  if (built.code !== 0) throw refusal('Building the Worker', built)
  world.log(/Total Upload:.*/.exec(built.stdout)?.[0] ?? 'built')
  world.log('\nThe dry run passed: nothing was sent anywhere.')
}

function steps(log: (line: string) => void): (title: string) => void {
  let count = 0
  return (title) => {
    count += 1
    log(`\n${count}. ${title}`)
  }
}

function reportNotices({ notices }: Config, log: (line: string) => void): void {
  for (const { level, path, line, message } of notices) {
    log(`${level}: ${path}${line === undefined ? '' : ` (line ${line})`}: ${message}`)
  }
  if (notices.some(({ level }) => level === 'error')) {
    throw new DeployStop('The config has errors, so nothing was deployed. Check it alone with: npm run config:check')
  }
}

function described({ name, essential, uses }: Secret, known: boolean): string {
  return `${name}${essential ? '' : ' (optional)'}: ${uses.join(', ')}${known ? '; stands in the secrets file' : ''}`
}

function databaseUrlOf({ databaseUrl, target }: DeployPlan): string {
  if (databaseUrl !== undefined) return databaseUrl
  throw new DeployStop(
    `DATABASE_URL is not known here, and the database must be migrated before the new version runs. Set it in the environment or in ${secretsFileOf(target)}: Neon's console shows it under "Connect".`,
  )
}
