import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

export interface Crowd {
  readonly requests: number
  /** Clients at once, each waiting for its answer before it asks again. */
  readonly concurrency: number
  /** One gateway's isolates, taken in turn. */
  readonly urls: readonly string[]
  readonly key: string
  readonly model: string
}

export interface CrowdFigures {
  readonly answered: number
  /** By status, of those that were not. */
  readonly refused: Readonly<Record<string, number>>
  /** Attempts by deployment that failed, as the gateway explains them. */
  readonly failedAt: Readonly<Record<string, number>>
  /** Answers by deployment. */
  readonly answeredBy: Readonly<Record<string, number>>
  readonly tookMs: number
  readonly slowestMs: number
}

/** Many clients at once, and what became of their requests. */
export async function askInCrowd({ requests, concurrency, urls, key, model }: Crowd): Promise<CrowdFigures> {
  const refused: Record<string, number> = {}
  const failedAt: Record<string, number> = {}
  const answeredBy: Record<string, number> = {}
  const count = (counts: Record<string, number>, name: string) => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  let next = 0
  let answered = 0
  let slowestMs = 0
  const beganAtMs = performance.now()
  const client = async () => {
    while (next < requests) {
      const url = urls[next++ % urls.length] ?? ''
      const sentAtMs = performance.now()
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-tollgate-explain': '1' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Tell me about the fox.' }] }),
      })
      const whole = response.status === 200 && (await response.text()).endsWith('}')
      slowestMs = Math.max(slowestMs, performance.now() - sentAtMs)
      const trail = response.headers.get('x-tollgate-trail') ?? ''
      for (const [, id = ''] of trail.matchAll(/\/(\S+) failed/g)) count(failedAt, id)
      if (whole) {
        answered += 1
        count(answeredBy, response.headers.get('x-litellm-model-id') ?? '')
      } else count(refused, String(response.status))
    }
  }
  await Promise.all(Array.from({ length: concurrency }, client))
  const tookMs = Math.round(performance.now() - beganAtMs)
  return { answered, refused, failedAt, answeredBy, tookMs, slowestMs: Math.round(slowestMs) }
}

/** An address where connections are refused. */
export async function deadUrl(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

/** What each is to have of the requests, by its weight; nothing while another `order` comes before it. */
export const SHARES: Readonly<Record<string, number>> = { five: 0.5, three: 0.3, two: 0.2, second: 0 }
const WEIGHTED = [
  ['five', 'order: 1, weight: 5'],
  ['three', 'order: 1, weight: 3'],
  ['two', 'order: 1, weight: 2'],
  ['second', 'order: 2, weight: 90'],
] as const

/** How far the answers are from `SHARES` at the most. */
export function awayFromShares({ answered, answeredBy }: CrowdFigures): number {
  return Math.max(...Object.entries(SHARES).map(([id, share]) => Math.abs((answeredBy[id] ?? 0) / answered - share)))
}

/**
 * Three deployments of one group, of which one is dead, and a group whose deployments have weights and orders. LiteLLM's
 * own defaults hold.
 */
export const trioConfig = (alive: string, dead: string) => `
model_list:
${[
  ['alive-1', `${alive}/alive-1`],
  ['alive-2', `${alive}/alive-2`],
  ['dead', dead],
]
  .map(
    ([id, base]) => `  - model_name: trio
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-scripted, api_base: '${base}/v1' }
    model_info: { id: ${id} }`,
  )
  .join('\n')}
${WEIGHTED.map(
  ([id, params]) => `  - model_name: weighted
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-scripted, api_base: '${alive}/${id}/v1', ${params} }
    model_info: { id: ${id} }`,
).join('\n')}
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
`
