import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { deploy, rehearse } from '../../../scripts/deploy/run.ts'
import { targetOf } from '../../../scripts/deploy/target.ts'
import { Account, config, everySecret, plan, world, wranglerToml } from './world.ts'

const argOf = (args: readonly string[], name: string) => args[args.indexOf(name) + 1] ?? ''

describe('deploy', () => {
  it('does everything that the upload needs before the upload, and asks the gateway after it', async () => {
    const account = new Account()
    const { world: here, steps } = world(account)
    await deploy(plan(), here)
    expect(steps.filter((step) => !step.startsWith('queues'))).toEqual([
      'secret list',
      'migrate postgresql://neon',
      'generate',
      'deploy',
      'GET /health/readiness',
      'GET /v1/models',
    ])
    expect(steps.lastIndexOf('queues create')).toBeLessThan(steps.indexOf('deploy'))
    expect(account.told.at(-1)).toEqual(['deploy', '--env=', '--tag', 'c0ffee', '--message', 'spend: settles'])
  })

  it('creates the queues that are missing, asks for no retention, and leaves those that exist', async () => {
    const account = new Account()
    account.queues.add('gate-spend-dead')
    const first = world(account)
    await deploy(plan(), first.world)
    expect([...account.queues].sort()).toEqual(['gate-spend', 'gate-spend-dead'])
    expect(account.told.flat().join(' ')).not.toContain('retention')
    expect(first.said().match(/created queue .*/g)).toEqual(['created queue gate-spend'])

    const second = world(account)
    await deploy(plan(), second.world)
    expect(second.said()).not.toContain('created queue')
  })

  it('deploys another environment beside the first', async () => {
    const account = new Account()
    await deploy(plan({ target: targetOf(wranglerToml, 'staging') }), world(account).world)
    expect([...account.queues]).toEqual(['gate-staging-spend'])
    expect(account.told.every((args) => args.includes('--env=staging'))).toBe(true)
  })

  it('names the environments there are when asked for another', () => {
    expect(() => targetOf(wranglerToml, 'stagign')).toThrow('There are: production, staging')
  })
})

describe('secrets', () => {
  it('stops before anything changes, names each that is missing and how to set it', async () => {
    const account = new Account()
    account.secrets = ['LITELLM_MASTER_KEY', 'UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN']
    const { world: here, steps } = world(account)
    await expect(deploy(plan(), here)).rejects.toThrow(
      /2 secrets are missing[\s\S]*npx wrangler secret put DATABASE_URL[\s\S]*OPENAI_API_KEY {3}for fast/,
    )
    expect(steps).toEqual(['secret list'])
  })

  it('takes a Worker that does not exist yet as one without secrets', async () => {
    const account = new Account()
    account.secrets = 'no worker'
    await expect(deploy(plan(), world(account).world)).rejects.toThrow('5 secrets are missing')
  })

  it('goes on without the optional ones when told to, and says what is off', async () => {
    const account = new Account()
    account.secrets = everySecret.filter((name) => name !== 'OPENAI_API_KEY')
    const { world: here, said } = world(account)
    await deploy(plan({ allowMissing: true }), here)
    expect(said()).toContain('OPENAI_API_KEY is missing: off is fast (openai/gpt-5-mini)')
  })

  it('never goes on without the master key', async () => {
    const account = new Account()
    account.secrets = everySecret.filter((name) => name !== 'LITELLM_MASTER_KEY')
    await expect(deploy(plan({ allowMissing: true }), world(account).world)).rejects.toThrow('LITELLM_MASTER_KEY')
  })

  it('uploads those of the secrets file with the version, in a file of its own that is gone afterwards', async () => {
    let file = ''
    let content = ''
    let mode = 0
    const account = new Account((args) => {
      if (args[0] !== 'deploy') return undefined
      file = argOf(args, '--secrets-file')
      content = readFileSync(file, 'utf8')
      mode = statSync(file).mode & 0o777
      return {}
    })
    account.secrets = 'no worker'
    const secrets = Object.fromEntries(everySecret.map((name) => [name, `value-of-${name}$x`]))
    const { world: here, said } = world(account)
    await deploy(plan({ secrets }), here)
    expect(JSON.parse(content)).toEqual(secrets)
    expect(mode).toBe(0o600)
    expect(existsSync(file)).toBe(false)
    expect(said()).not.toContain('value-of-')
    expect(account.told.flat().join(' ')).not.toContain('value-of-')
  })

  it('does not ask for what the file answers itself, nor for deployments that are off', async () => {
    const account = new Account()
    account.secrets = ['DATABASE_URL', 'MY_MASTER', 'UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN']
    const [deployment] = config().deployments
    const deployments = [
      { ...deployment!, disabled: 'vendor not built yet' },
      { ...deployment!, apiKey: { env: 'GIVEN' } },
    ]
    const environment = { GIVEN: 'plain', LITELLM_MASTER_KEY: { env: 'MY_MASTER' } }
    await deploy(plan({ config: config({ deployments, environment }) }), world(account).world)
    expect(account.commands.at(-1)).toContain('deploy')
  })
})

describe('a Free account', () => {
  const refusing = () => {
    const configs: unknown[] = []
    const account = new Account((args) => {
      if (args[0] !== 'deploy') return undefined
      if (!args.includes('--config')) return { code: 1, stderr: 'CPU limits are not supported [code: 100328]' }
      configs.push(JSON.parse(readFileSync(argOf(args, '--config'), 'utf8')))
      return {}
    })
    return { account, configs }
  }

  it('is deployed without limits, and told so', async () => {
    const { account, configs } = refusing()
    const { world: here, said, steps } = world(account)
    await deploy(plan(), here)
    expect(configs).toEqual([
      expect.objectContaining({
        name: 'gate',
        main: `${process.cwd()}/src/worker.ts`,
        assets: { directory: `${process.cwd()}/ui` },
        env: { staging: expect.objectContaining({ name: 'gate-staging' }) },
      }),
    ])
    expect(configs[0]).not.toHaveProperty('limits')
    expect(said()).toContain('100328')
    expect(said()).toContain('Workers Paid')
    expect(steps.slice(-2)).toEqual(['GET /health/readiness', 'GET /v1/models'])
  })

  it('is not what any other refusal means', async () => {
    const account = new Account((args) => (args[0] === 'deploy' ? { code: 1, stderr: 'bad script' } : undefined))
    await expect(deploy(plan(), world(account).world)).rejects.toThrow('bad script')
    expect(account.commands.filter((command) => command.startsWith('deploy'))).toHaveLength(1)
  })
})

describe('what stops a deploy', () => {
  it('is an error in the config, before Cloudflare is asked anything', async () => {
    const account = new Account()
    const notices = [
      { level: 'error', path: 'general_settings.master_key', line: 3, message: 'a literal secret' },
    ] as const
    const { world: here, said } = world(account)
    await expect(deploy(plan({ config: config({ notices }) }), here)).rejects.toThrow('The config has errors')
    expect(said()).toContain('error: general_settings.master_key (line 3): a literal secret')
    expect(account.told).toEqual([])
  })

  it('is a login that is missing, and the message says how to sign in', async () => {
    const account = new Account(() => ({ code: 1, stderr: 'Set a CLOUDFLARE_API_TOKEN environment variable or …' }))
    await expect(deploy(plan(), world(account).world)).rejects.toThrow('npx wrangler login')
  })

  it('is a database that nobody named', async () => {
    const account = new Account()
    await expect(deploy(plan({ databaseUrl: undefined }), world(account).world)).rejects.toThrow('.dev.vars.production')
    expect(account.commands.filter((command) => command.startsWith('deploy'))).toEqual([])
  })

  it('is a migration that fails: the old version keeps running', async () => {
    const account = new Account()
    const migrate = () => Promise.reject(new Error('Migration 0001 failed and was rolled back'))
    await expect(deploy(plan(), world(account, { migrate }).world)).rejects.toThrow('rolled back')
    expect(account.commands.filter((command) => command.startsWith('deploy'))).toEqual([])
  })
})

describe('the smoke test', () => {
  const named = (...targets: string[]) =>
    new Account((args, env) => {
      if (args[0] !== 'deploy') return undefined
      writeFileSync(env.WRANGLER_OUTPUT_FILE_PATH ?? '', `${JSON.stringify({ type: 'deploy', targets })}\n`)
      return {}
    })
  const asked = async (account: Account) => {
    const urls: string[] = []
    const fetch: typeof globalThis.fetch = (input) => {
      urls.push(String(input))
      return Promise.resolve(Response.json({ data: [] }))
    }
    await deploy(plan({ url: undefined }), world(account, { fetch }).world)
    return urls[0]
  }

  it('asks where Cloudflare says the gateway is', async () => {
    const targets = ['schedule: * * * * *', 'Producer for gate-spend', 'https://gate.me.workers.dev']
    expect(await asked(named(...targets))).toBe('https://gate.me.workers.dev/health/readiness')
    expect(await asked(named(...targets, 'llm.example.com (custom domain)'))).toBe(
      'https://llm.example.com/health/readiness',
    )
  })

  it('waits for a new address to be known', async () => {
    let tried = 0
    const fetch = () => {
      tried += 1
      if (tried < 3) return Promise.reject(new Error('getaddrinfo ENOTFOUND'))
      return Promise.resolve(Response.json({ data: [{ id: 'fast' }] }))
    }
    const { world: here, said } = world(new Account(), { fetch })
    await deploy(plan(), here)
    expect(said()).toContain('/v1/models serves fast')
  })

  it('fails the deploy with what the gateway said, and how to go back', async () => {
    const fetch = () => Promise.resolve(new Response('{"database":"down"}', { status: 503 }))
    await expect(deploy(plan(), world(new Account(), { fetch }).world)).rejects.toThrow(
      /503 {"database":"down"}[\s\S]*wrangler rollback/,
    )
  })

  it('fails where the master key opens nothing', async () => {
    const fetch: typeof globalThis.fetch = (input) =>
      Promise.resolve(new Response('no', { status: String(input).endsWith('/v1/models') ? 401 : 200 }))
    await expect(deploy(plan(), world(new Account(), { fetch }).world)).rejects.toThrow('not the one deployed')
  })
})

describe('a dry run', () => {
  it('needs no account: it lists secrets and queues, rehearses the migrations and builds', async () => {
    const account = new Account()
    const { world: here, steps, said } = world(account)
    await rehearse(plan(), here)
    expect(steps).toEqual(['rehearse migrations', 'generate', 'deploy'])
    expect(account.told[0]).toContain('--dry-run')
    for (const name of everySecret) expect(said()).toContain(name)
    expect(said()).toContain('gate-spend, gate-spend-dead')
  })

  it('fails where the Worker does not build', async () => {
    const account = new Account(() => ({ code: 1, stderr: 'Could not resolve "./nowhere.ts"' }))
    await expect(rehearse(plan(), world(account).world)).rejects.toThrow('Could not resolve')
  })
})
