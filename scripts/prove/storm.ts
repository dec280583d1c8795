import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { usdFromNano } from '../../src/money.ts'
import { worstCase } from '../../src/operations/chat.ts'
import { buildConfig } from '../config/build.ts'
import { startStack } from '../local/stack.ts'
import { startGateway } from '../workerd/runner.ts'
import { brokenIn, countOf, keyTokens, limitHistory, logRows, observe, Poll, windowsNow } from './audit.ts'
import { ChaosMonkey } from './chaos.ts'
import { type Admin, type Entities, FEATURES, type Feature, makeEntities } from './entities.ts'
import type { LoadOrder, Seen } from './load.ts'
import { type Limit, type Plan, type PlannedRequest, PRICES, planOf, type StormOptions } from './plan.ts'
import type { Bill } from './provider.ts'
import { type Verdict, verdictOn } from './verdict.ts'

export interface StormRun {
  readonly verdict: Verdict
  /** Why a part of the storm was left out. */
  readonly missing: ReadonlyMap<Feature, string>
  readonly chaos: Readonly<Record<string, number>>
  readonly polls: number
  readonly secondsOfStorm: number
  readonly secondsToRest: number
}

export interface StormSetting {
  readonly stateDir: string
  readonly log: (line: string) => void
}

const MASTER_KEY = 'sk-storm-master'
const TOTAL_TIMEOUT_SECONDS = 4
/** Shortened, so that what died with an isolate expires within the storm. */
const LEDGER_SETTINGS = { grantLifeMs: 2_000, skewMs: 500, horizonMs: 20_000, idleReturnMs: 1_000 }
const SETTLE_BY_MS = LEDGER_SETTINGS.grantLifeMs + TOTAL_TIMEOUT_SECONDS * 1_000 + LEDGER_SETTINGS.skewMs
const REST_MS = 60_000

const perToken = (nano: number): string => (nano / 1e9).toFixed(9)
const usdOf = ({ limitNano = 0n }: Limit): string => String(usdFromNano(limitNano))
const modelOf = (name: 'cheap' | 'dear'): string => `
  - model_name: ${name}
    litellm_params:
      model: openai/${name}
      api_key: os.environ/OPENAI_API_KEY
      api_base: os.environ/OPENAI_BASE_URL
      input_cost_per_token: ${perToken(PRICES[name].inputNano)}
      output_cost_per_token: ${perToken(PRICES[name].outputNano)}`
const configOf = ({ dear, provider }: Plan): string => `model_list:${modelOf('cheap')}${modelOf('dear')}
      max_budget: ${usdOf(dear)}
      budget_duration: ${dear.duration}

router_settings:
  provider_budget_config:
    openai: { budget_limit: ${usdOf(provider)}, time_period: ${provider.duration} }

general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
  total_timeout: ${TOTAL_TIMEOUT_SECONDS}
`
const FALLBACKS = `
litellm_settings:
  fallbacks:
    - cheap: [dear]
`

/** One storm from beginning to rest, on a gateway, a database and a provider of its own. Nothing of it is left running. */
export async function storm(options: StormOptions, { stateDir, log }: StormSetting): Promise<StormRun> {
  const stops: (() => Promise<unknown> | unknown)[] = []
  try {
    return await run()
  } finally {
    for (const stop of stops.reverse()) await Promise.resolve(stop()).catch((error) => log(String(error)))
  }

  async function run(): Promise<StormRun> {
    const plan = planOf(options)
    const provider = forked('provider.ts', JSON.stringify(options))
    stops.push(() => provider.kill())
    const [{ port }] = (await once(provider, 'message')) as [{ port: number }]
    const load = forked('load.ts')
    stops.push(() => load.kill())
    const stack = await startStack({ stateDir: join(stateDir, 'stack'), fresh: true, providers: false, durable: false })
    stops.push(() => stack.stop())
    const db = new pg.Pool({ connectionString: stack.pgUrl, max: 2 })
    db.on('error', () => {})
    // Whoever is asking when the database dies hears of it by the answer.
    db.on('connect', (client) => client.on('error', () => {}))
    stops.push(() => db.end())
    await observe(db)

    const { yaml, fallbacks } = configWith(plan)
    mkdirSync(stateDir, { recursive: true })
    const configFile = join(stateDir, 'config.yaml')
    writeFileSync(configFile, yaml)
    const { config } = buildConfig(yaml, { fileName: 'config.yaml', target: 'dev' })
    const runner = await startGateway({
      isolates: options.isolates,
      stateDir: join(stateDir, 'gateway'),
      configFile,
      vars: {
        DATABASE_URL: stack.databaseUrl,
        UPSTASH_REDIS_REST_URL: stack.redisUrl,
        UPSTASH_REDIS_REST_TOKEN: stack.redisToken,
        LITELLM_MASTER_KEY: MASTER_KEY,
        LITELLM_SALT_KEY: 'storm-salt',
        OPENAI_API_KEY: 'sk-storm-provider',
        OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
        LEDGER_SETTINGS: JSON.stringify(LEDGER_SETTINGS),
      },
    })
    stops.push(() => runner.stop())

    const admin = adminOf(runner.urls[0] ?? '')
    const made = await makeEntities(plan, admin)
    const missing = new Map(made.missing)
    if (fallbacks !== undefined) missing.set('fallbacks to a dearer model', fallbacks)
    const entities: Entities = { ...made, missing }
    log(`${plan.organizations.length} organizations, ${plan.teams.length} teams, ${plan.keys.length} keys`)
    for (const feature of FEATURES)
      log(
        `${missing.has(feature) ? 'off' : 'on '} ${feature}${missing.has(feature) ? ` (${missing.get(feature)})` : ''}`,
      )

    const monkey = new ChaosMonkey({ plan, entities, admin, runner, stack, log })
    const poll = new Poll(db)
    const beganMs = Date.now()
    const seen = await clients(load, order(options, runner.urls, entities), (sent) => monkey.reached(sent))
    await monkey.rest()
    const stormedMs = Date.now()
    log(`the last request ended after ${Math.round((stormedMs - beganMs) / 1000)} s; now it comes to rest`)

    const atRest = await untilRest()
    await poll.stop()
    const bills = await billsOf(provider)
    const holdAt = (planned: PlannedRequest, name: 'cheap' | 'dear'): number => {
      const deployment = config.deployments.find(({ group }) => group === name)
      const messages = [{ role: 'user' as const, content: planned.prompt }]
      const request = { model: name, messages, max_tokens: planned.maxTokens }
      return Number(deployment ? (worstCase(request, deployment).costNano ?? 0n) : 0n)
    }
    if (poll.example) log(`polled: ${JSON.stringify(poll.example, plain)}`)
    const evidence = {
      plan,
      entities,
      keyIds: new Map(
        (await keyTokens(db)).map(({ id, token }) => [id, entities.keys.findIndex((key) => key.token === token)]),
      ),
      seen,
      bills,
      rows: await logRows(db),
      limits: await limitHistory(db),
      troubles: monkey.troubles,
      blocked: monkey.blocked,
      chaos: monkey.counts,
      lentBeyond: await countOf(db, 'storm_breach'),
      deadLetters: await countOf(db, 'dead_letter'),
      queued: runner.queue.depth(),
      polled: poll.broken,
      atRest,
      holdOf: (planned: PlannedRequest) => holdAt(planned, planned.dear ? 'dear' : 'cheap'),
      ...(fallbacks === undefined ? { fallbackHoldOf: (planned: PlannedRequest) => holdAt(planned, 'dear') } : {}),
      grantLifeMs: LEDGER_SETTINGS.grantLifeMs,
      callMs: TOTAL_TIMEOUT_SECONDS * 1_000,
      settleByMs: SETTLE_BY_MS,
    }
    writeFileSync(join(stateDir, 'evidence.json'), JSON.stringify(evidence, plain))
    return {
      verdict: verdictOn(evidence),
      missing,
      chaos: monkey.counts,
      polls: poll.looks,
      secondsOfStorm: (stormedMs - beganMs) / 1000,
      secondsToRest: (Date.now() - stormedMs) / 1000,
    }

    /** Everything delivered, every grant closed or expired, everything given back; else what is there after a minute. */
    async function untilRest() {
      const giveUpMs = Date.now() + REST_MS
      await pause(SETTLE_BY_MS)
      for (;;) {
        const windows = await windowsNow(db)
        const quiet = runner.queue.depth() === 0 && windows.every(({ leased }) => leased === 0n)
        const { broken } = brokenIn(windows)
        if ((quiet && broken.log + broken.leases === 0) || Date.now() > giveUpMs) return windows
        await pause(500)
      }
    }
  }
}

function configWith(plan: Plan): { yaml: string; fallbacks?: string } {
  const plainly = configOf(plan)
  const yaml = plainly + FALLBACKS
  const { notices } = buildConfig(yaml, { fileName: 'config.yaml', target: 'dev' })
  const why = notices.find(({ path }) => path.includes('fallbacks'))
  return why ? { yaml: plainly, fallbacks: 'the config says that it is not active' } : { yaml }
}

function order(options: StormOptions, urls: readonly string[], { keys, customers, tags }: Entities): LoadOrder {
  return {
    options,
    urls,
    keys: keys.map(({ key }) => key),
    ...(customers ? { customers } : {}),
    tags,
    models: { cheap: 'cheap', dear: 'dear' },
  }
}

function clients(load: ChildProcess, order: LoadOrder, reached: (sent: number) => void): Promise<Seen[]> {
  const all: Seen[] = []
  return new Promise((resolve, reject) => {
    load.on('message', (told: { sent?: number; seen?: Seen[]; done?: true }) => {
      if (told.seen) all.push(...told.seen)
      if (told.sent !== undefined) reached(told.sent)
      if (told.done) resolve(all)
    })
    load.once('exit', (code) => reject(new Error(`the clients ended early (${code})`)))
    load.send(order)
  })
}

async function billsOf(provider: ChildProcess): Promise<Bill[]> {
  const told = once(provider, 'message')
  provider.send({ bills: true })
  const [{ bills }] = (await told) as [{ bills: Bill[] }]
  return bills
}

const adminOf =
  (url: string): Admin =>
  async (path, body) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    const answered = (await response.json().catch(() => ({}))) as Record<string, unknown>
    return { ok: response.ok, status: response.status, body: answered }
  }

function forked(file: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value instanceof Map ? Object.fromEntries(value) : value
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
