import type { DeployPlan, World } from '../../../scripts/deploy/run.ts'
import { targetOf } from '../../../scripts/deploy/target.ts'
import type { Wrangler, WranglerAnswer } from '../../../scripts/deploy/wrangler.ts'
import type { Config } from '../../../src/config/config.ts'
import { ledgerDefaults } from '../../../src/config/config.ts'

export const wranglerToml = `
name = "gate"
main = "src/worker.ts"
[limits]
cpu_ms = 10
[assets]
directory = "./ui"
[[queues.producers]]
queue = "gate-spend"
binding = "SPEND"
[[queues.consumers]]
queue = "gate-spend"
dead_letter_queue = "gate-spend-dead"
[env.staging]
name = "gate-staging"
[[env.staging.queues.producers]]
queue = "gate-staging-spend"
binding = "SPEND"
`

export function config(more: Partial<Config> = {}): Config {
  return {
    version: 'abc',
    priceVersion: '1',
    deployments: [
      {
        id: 'd1',
        group: 'fast',
        provider: 'openai',
        model: 'gpt-5-mini',
        apiKey: { env: 'OPENAI_API_KEY' },
        params: {},
        mode: 'chat',
      },
    ],
    router: { timeoutMs: 600_000, modelGroupAlias: {} },
    litellm: { dropParams: false, timeZone: 'UTC' },
    general: {
      masterKey: { env: 'LITELLM_MASTER_KEY' },
      databaseUrl: { env: 'DATABASE_URL' },
      redisUrl: { env: 'UPSTASH_REDIS_REST_URL' },
      redisToken: { env: 'UPSTASH_REDIS_REST_TOKEN' },
      allowRequestsOnDbUnavailable: false,
      maxRequestBytes: 1_000_000,
      totalTimeoutMs: 900_000,
    },
    ledger: ledgerDefaults,
    environment: {},
    notices: [],
    ...more,
  }
}

export const everySecret = [
  'LITELLM_MASTER_KEY',
  'DATABASE_URL',
  'UPSTASH_REDIS_REST_URL',
  'UPSTASH_REDIS_REST_TOKEN',
  'OPENAI_API_KEY',
]

type Answer = (args: readonly string[], env: Readonly<Record<string, string>>) => Partial<WranglerAnswer> | undefined

/** An account at Cloudflare that remembers what it was told. `answer` speaks first. */
export class Account implements Wrangler {
  readonly told: (readonly string[])[] = []
  readonly queues = new Set<string>()
  secrets: readonly string[] | 'no worker' = everySecret
  readonly #answer: Answer

  constructor(answer: Answer = () => undefined) {
    this.#answer = answer
  }

  run(
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<WranglerAnswer> {
    this.told.push(args)
    const said = this.#answer(args, options.env ?? {}) ?? this.#usual(args)
    return Promise.resolve({ code: 0, stdout: '', stderr: '', ...said })
  }

  /** The commands in short: `queues create gate-spend`. */
  get commands(): readonly string[] {
    return this.told.map((args) => args.filter((arg) => !arg.startsWith('--')).join(' '))
  }

  #usual(args: readonly string[]): Partial<WranglerAnswer> {
    const [first, second, name = ''] = args
    if (first === 'secret') {
      if (this.secrets === 'no worker') return { code: 1, stderr: '✘ [ERROR] Worker "gate" not found.' }
      return { stdout: JSON.stringify(this.secrets.map((secret) => ({ name: secret, type: 'secret_text' }))) }
    }
    if (first === 'queues' && second === 'create') {
      if (this.queues.has(name)) return { code: 1, stderr: `Queue name '${name}' is already taken [code: 11009]` }
      this.queues.add(name)
      return {}
    }
    if (first === 'queues') {
      const found = [...this.queues].find((queue) => queue.startsWith(name))
      return found
        ? { stdout: `Queue Name: ${found}\nQueue ID: 1` }
        : { code: 1, stderr: `Queue "${name}" does not exist.` }
    }
    return {}
  }
}

export function plan(more: Partial<DeployPlan> = {}): DeployPlan {
  return {
    target: targetOf(wranglerToml, 'production'),
    config: config(),
    wranglerToml,
    root: process.cwd(),
    release: { tag: 'c0ffee', message: 'spend: settles' },
    secrets: {},
    databaseUrl: 'postgresql://neon',
    masterKey: 'sk-master',
    url: 'https://gate.example.com',
    allowMissing: false,
    ...more,
  }
}

/** A world that notes its steps in `steps`, and whose gateway is healthy. */
export function world(account: Account, more: Partial<World> = {}) {
  const steps: string[] = []
  const lines: string[] = []
  const note = (step: string) => {
    steps.push(step)
    return Promise.resolve()
  }
  const made: World = {
    wrangler: {
      run: (args, options) => {
        steps.push(args[0] === 'deploy' ? 'deploy' : args.slice(0, 2).join(' '))
        return account.run(args, options)
      },
    },
    migrate: (url) => note(`migrate ${url}`),
    rehearseMigrations: () => note('rehearse migrations'),
    generate: () => note('generate'),
    fetch: (input) => {
      steps.push(`GET ${new URL(String(input)).pathname}`)
      return Promise.resolve(Response.json({ data: [{ id: 'fast' }] }))
    },
    sleep: () => Promise.resolve(),
    log: (line) => lines.push(line),
    ...more,
  }
  return { world: made, steps, said: () => lines.join('\n') }
}
