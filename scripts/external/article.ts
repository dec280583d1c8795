import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStack } from '../local/stack.ts'
import { startGateway } from '../workerd/runner.ts'

const MASTER_KEY = 'sk-external-master'
const article = (name: string) => readFileSync(new URL(`../../test/fixtures/article/${name}`, import.meta.url), 'utf8')

/** What the article's tenants say when they are made: everything its reader goes on with. */
const SHOWN = `
import json
print(json.dumps({"team": team_resp.json(), "service": service_key, "user": user_key}))
`

interface Check {
  readonly name: string
  readonly module: 'requests' | 'httpx'
  /** Why it is not content; undefined when it is. */
  readonly run: (url: string) => Promise<string | undefined>
}

const tenants: Check = {
  name: "the article's team, service key and user key, made with requests",
  module: 'requests',
  async run(url) {
    const program = `MASTER_KEY = "${MASTER_KEY}"\n${article('tenants.py').replace('http://litellm-proxy:4000', url)}${SHOWN}`
    const { status, stdout, stderr } = await python(program)
    if (status !== 0) return stderr.trim()
    const { team, service, user } = JSON.parse(stdout)
    const isMade =
      team.max_budget === 2000 &&
      service.key.startsWith('sk-') &&
      service.user_id === null &&
      service.team_id === team.team_id &&
      user.user_id === 'nguyen.van.a@company.com' &&
      user.max_budget === 100 &&
      user.expires !== null
    return isMade ? undefined : `made something else: ${stdout.replace(/sk-[\w-]+/g, 'sk-...')}`
  },
}

const monitor: Check = {
  name: "the article's budget monitor, with httpx, tells of a team at 90 %",
  module: 'httpx',
  async run(url) {
    const told: string[] = []
    const slack = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => told.push(text))
      request.on('end', () => response.end('ok'))
    })
    await new Promise<void>((resolve) => slack.listen(0, '127.0.0.1', resolve))
    const to = `http://127.0.0.1:${(slack.address() as AddressInfo).port}`
    const program = `${article('budget_monitor.py')}\nasyncio.run(BudgetMonitor("${url}", "${MASTER_KEY}", "${to}").check_all())\n`
    try {
      await spentTeam(url)
      const { status, stderr } = await python(program)
      if (status !== 0) return stderr.trim()
    } finally {
      slack.close()
    }
    const texts = told.map((text) => JSON.parse(text).text as string)
    return texts.length === 2 && texts.every((text) => text.includes('90.0%'))
      ? undefined
      : `told ${JSON.stringify(texts)}`
  },
}

/** A team that has spent 90 % of its budget: its limit comes down to what a call of a model cost. */
async function spentTeam(url: string): Promise<void> {
  const ask = async (path: string, body: object, key = MASTER_KEY) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as Record<string, string>
  }
  await ask('/team/new', { team_id: 'spent', max_budget: 10 })
  const { key } = await ask('/key/generate', { team_id: 'spent' })
  await ask(
    '/v1/chat/completions',
    { model: 'gpt-4o-mini', max_tokens: 16, messages: [{ role: 'user', content: 'Hi' }] },
    key,
  )
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(`${url}/team/info?team_id=spent`, {
      headers: { authorization: `Bearer ${MASTER_KEY}` },
    })
    const { team_info: team } = (await response.json()) as { readonly team_info: { readonly spend: number } }
    if (team.spend > 0) {
      await ask('/team/update', { team_id: 'spent', max_budget: team.spend / 0.9 })
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the spend of a call of a model was not recorded')
}

/** Not `spawnSync`: the stand-ins answer from this process. */
function python(
  program: string,
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn('python3', ['-W', 'ignore', '-'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.end(program)
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stdout, stderr })))
}

const has = (module: string) => spawnSync('python3', ['-c', `import ${module}`]).status === 0

/** The article's Python against the gateway, unchanged but for URL and key; how many were not content. */
export async function checkArticle(): Promise<number> {
  const ready = [tenants, monitor].filter(({ name, module }) => {
    if (has(module)) return true
    console.log(`skipped ${name}: Python's ${module} is not installed (Debian's package python3-${module})`)
    return false
  })
  if (ready.length === 0) return 0
  const stateDir = mkdtempSync(join(tmpdir(), 'tollgate-external-'))
  const stack = await startStack({ durable: false, pace: 'instant', stateDir })
  try {
    const gateway = await startGateway({
      isolates: 1,
      stateDir,
      vars: {
        DATABASE_URL: stack.databaseUrl,
        UPSTASH_REDIS_REST_URL: stack.redisUrl,
        UPSTASH_REDIS_REST_TOKEN: stack.redisToken,
        LITELLM_MASTER_KEY: MASTER_KEY,
        LITELLM_SALT_KEY: 'external-salt',
        OPENAI_API_KEY: 'sk-stand-in',
        OPENAI_BASE_URL: `${stack.providerUrl}/v1`,
      },
    })
    try {
      let failed = 0
      for (const { name, run } of ready) {
        const why = await run(gateway.urls[0] ?? '')
        if (why !== undefined) failed += 1
        console.log(why === undefined ? `ok      ${name}` : `failed  ${name}: ${why}`)
      }
      return failed
    } finally {
      await gateway.stop()
    }
  } finally {
    await stack.stop()
    rmSync(stateDir, { recursive: true, force: true })
  }
}
