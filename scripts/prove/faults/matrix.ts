import { setTimeout as sleep } from 'node:timers/promises'
import { ANSWER, type ScriptedProvider } from './provider.ts'
import type { Scenario } from './scenarios.ts'

export interface Row {
  readonly scenario: string
  readonly stream: boolean
  /** What the client had; `truncated` and `hang` must never be. */
  readonly got: Got['what']
  readonly wanted: 'whole' | 'error'
  readonly status: number
  /** How often the deployment and its fallback were asked. */
  readonly asked: number
  readonly backup: number
  readonly gapsMs: readonly number[]
  /** From the first call of the one to the first of the other. */
  readonly failOverMs: number | undefined
  readonly tookMs: number
  /** The gateway served the next request. */
  readonly next: boolean
  readonly ok: boolean
  /** What was wrong, in words. */
  readonly why?: string
}

interface Got {
  readonly what: 'whole' | 'error' | 'truncated' | 'hang'
  readonly status: number
  readonly text: string
}

interface Gateway {
  readonly url: string
  readonly key: string
}

/** Two processes see the same moment at slightly different times. */
const CLOCKS_MS = 10
/** Nobody waits longer for an answer; the gateway's own times are a fraction of it. */
const HANG_MS = 15_000

/** One scenario, plain or streamed: what the client had, what the provider saw, and whether life goes on. */
export async function play(
  scenario: Scenario,
  stream: boolean,
  { gateway, provider }: { readonly gateway: Gateway; readonly provider: ScriptedProvider },
): Promise<Row> {
  const { name, repeated = { count: 1, everyMs: 0 } } = scenario
  const seen = provider.arrivals(name).length
  const seenBackup = provider.arrivals(`${name}-backup`).length
  const { together = 1 } = scenario
  const startedAtMs = performance.now()
  const answers: Got[] = []
  for (let at = 0; at < repeated.count; at++) {
    if (at > 0) await sleep(repeated.everyMs)
    answers.push(...(await Promise.all(Array.from({ length: together }, () => ask(name, stream, gateway)))))
  }
  const tookMs = Math.round(performance.now() - startedAtMs)
  const wanted = (stream ? scenario.streamEnds : undefined) ?? scenario.ends
  const worst = answers.find(({ what }) => what !== wanted) ?? answers[0]
  const { what: got, status, text } = worst ?? { what: 'hang', status: 0, text: '' }
  const arrivals = provider.arrivals(name).slice(seen)
  const gapsMs = arrivals.slice(1).map((time, at) => Math.round(time - (arrivals[at] ?? time)))
  const next = (await ask('healthy', stream, gateway)).what === 'whole'
  const backups = provider.arrivals(`${name}-backup`).slice(seenBackup)
  const why = [...broken(scenario, stream, arrivals.length, backups.length, Math.min(...gapsMs))]
  if (got !== wanted) why.push(text.slice(-300))
  if (!next) why.push('the next request was not served')
  const [one, other] = [arrivals[0], backups[0]]
  return {
    scenario: name,
    stream,
    got,
    wanted,
    status,
    asked: arrivals.length,
    backup: backups.length,
    gapsMs: gapsMs.slice(0, 5),
    failOverMs: one === undefined || other === undefined ? undefined : Math.round(other - one),
    tookMs,
    next,
    ok: why.length === 0,
    ...(why.length === 0 ? {} : { why: why.join('; ') }),
  }
}

/** What the provider saw and should not have. */
function broken(
  { most, mostStreamed, backupMost = 1, repeated, gapMs = 0 }: Scenario,
  stream: boolean,
  asked: number,
  backups: number,
  shortestGapMs: number,
): string[] {
  const limit = (stream ? mostStreamed : undefined) ?? most
  const backupLimit = backupMost * (repeated?.count ?? 1)
  return [
    ...(asked > limit ? [`asked more than ${limit} times`] : []),
    ...(backups > backupLimit ? [`its fallback was asked more than ${backupLimit} times`] : []),
    ...(asked > 1 && shortestGapMs < gapMs - CLOCKS_MS ? [`asked again after less than ${gapMs} ms`] : []),
  ]
}

async function ask(model: string, stream: boolean, { url, key }: Gateway): Promise<Got> {
  const messages = [{ role: 'user', content: 'Tell me about the fox.' }]
  let status = 0
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages, stream }),
      signal: AbortSignal.timeout(HANG_MS),
    })
    status = response.status
    const text = await response.text()
    return { what: stream && status === 200 ? streamed(text) : plain(text, status), status, text }
  } catch (error) {
    const hung = error instanceof Error && error.name === 'TimeoutError'
    return { what: hung ? 'hang' : 'truncated', status, text: String(error) }
  }
}

function plain(text: string, status: number): Got['what'] {
  const answer = json(text) as { error?: { message?: unknown }; choices?: { message?: { content?: unknown } }[] }
  if (status >= 400) return typeof answer?.error?.message === 'string' ? 'error' : 'truncated'
  return answer?.choices?.[0]?.message?.content === ANSWER ? 'whole' : 'truncated'
}

/** Whole with `[DONE]` and every word, or an error event that nothing follows. */
function streamed(text: string): Got['what'] {
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
  const chunks = events.map(json) as ({ error?: unknown; choices?: { delta?: { content?: string } }[] } | undefined)[]
  const said = chunks.map((chunk) => chunk?.choices?.[0]?.delta?.content ?? '').join('')
  const last = events.at(-1)
  if (chunks.at(-1)?.error !== undefined) return events.includes('[DONE]') ? 'truncated' : 'error'
  return last === '[DONE]' && said === ANSWER ? 'whole' : 'truncated'
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
