import * as z from 'zod'
import { DeployStop } from './stop.ts'

export interface SmokeTest {
  readonly url: string
  /** Unknown where the secret lives at Cloudflare only; then the models are not asked for. */
  readonly masterKey: string | undefined
  readonly fetch: typeof fetch
  readonly sleep: (ms: number) => Promise<void>
}

/** A new address takes a while until the whole world knows it. */
const TRIES = 20
const PAUSE_MS = 3_000
const REQUEST_TIMEOUT_MS = 10_000

const models = z.object({ data: z.array(z.object({ id: z.string() })) })

/** Asks what was deployed the way a client would: is it ready, and which models does it serve? */
export async function smoke(test: SmokeTest, log: (line: string) => void): Promise<void> {
  const ready = await untilReady(test)
  if (ready !== undefined) {
    throw new DeployStop(
      `${test.url} is deployed but not ready: ${ready}\nSee why: npx wrangler tail   The version before comes back with: npx wrangler rollback`,
    )
  }
  log(`${test.url}/health/readiness answers 200`)
  if (test.masterKey === undefined) {
    log('The models were not asked for: set LITELLM_MASTER_KEY in the environment or the secrets file to have it done.')
    return
  }
  const response = await ask(test, '/v1/models', { authorization: `Bearer ${test.masterKey}` })
  if (!response.ok) {
    throw new DeployStop(
      `${test.url}/v1/models answered ${response.status}: ${response.text}\nWith 401 the master key here is not the one deployed.`,
    )
  }
  const found = models.safeParse(parsed(response.text))
  if (!found.success) throw new DeployStop(`${test.url}/v1/models did not answer with a list: ${response.text}`)
  log(`${test.url}/v1/models serves ${found.data.data.map(({ id }) => id).join(', ') || 'no model yet'}`)
}

/** Undefined once it is ready, else what it said last. */
async function untilReady(test: SmokeTest): Promise<string | undefined> {
  let last = ''
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (tried > 0) await test.sleep(PAUSE_MS)
    const answer = await ask(test, '/health/readiness', {})
    if (answer.ok) return undefined
    last = `${answer.status} ${answer.text}`.trim()
  }
  return last
}

interface Said {
  readonly ok: boolean
  readonly status: number
  readonly text: string
}

async function ask({ url, fetch }: SmokeTest, path: string, headers: Readonly<Record<string, string>>): Promise<Said> {
  try {
    const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })
    return { ok: response.ok, status: response.status, text: await response.text() }
  } catch (error) {
    return { ok: false, status: 0, text: error instanceof Error ? error.message : String(error) }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
