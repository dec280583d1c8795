import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mean, median } from './figures.ts'
import type { Load, LoadResult } from './load.ts'
import { forked, type Manner, type Started, startMock, startTollgate } from './manners.ts'
import { chatBody } from './request.ts'
import type { Receives } from './sink-receiver.ts'

/** How the gateway with every sink fares beside the same gateway without any: ratios, each a median over the rounds. */
export interface SinkFigures {
  readonly p50_vs_none: number
  readonly p99_vs_none: number
  readonly rps_vs_none: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly rps: number
}

interface Sample {
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
}

const ROUNDS = 3
/** Of the bench's seconds, for one measurement. */
const SHARE = 0.25
/** In this order: what a slow receiver leaves waiting would be told while it is well. */
const STATES: readonly State[] = ['well', 'slow', 'dead', 'apart']

/** How the sinks do; `apart`, they are dead, and what the queues' consumers do is kept out of what is measured. */
type State = Receives | 'apart'

/** Two gateways in turns, so that each measurement has one without sinks before it and one after it. */
export async function sinkFigures(
  stateDir: string,
  { seconds }: { readonly seconds: number },
): Promise<Readonly<Record<State, SinkFigures>>> {
  const stops: (() => unknown)[] = []
  const keep = <T>({ value, stop }: Started<T>): T => {
    stops.push(stop)
    return value
  }
  try {
    const generator = forked('load.ts')
    const receiver = forked('sink-receiver.ts')
    stops.push(
      () => generator.kill(),
      () => receiver.kill(),
    )
    const be = async (state: Receives): Promise<number> => {
      const answer = once(receiver, 'message')
      receiver.send(state)
      const [{ port }] = (await answer) as [{ port: number }]
      return port
    }
    const ask = async (manner: Manner, concurrency: number, forSeconds: number): Promise<LoadResult> => {
      const { url, headers } = manner
      const load: Load = {
        ...{ url, headers, concurrency },
        ...{ body: chatBody(false).toString(), stream: false, seconds: forSeconds },
      }
      const answer = once(generator, 'message')
      generator.send(load)
      const [result] = (await answer) as [LoadResult]
      if (result.failures > 0) throw new Error(`sinks: ${result.failures} bad answers. ${result.firstFailure}`)
      return result
    }
    let apart = false
    const sample = async (manner: Manner): Promise<Sample> => {
      const { latencyMs } = await ask(manner, 1, seconds * SHARE)
      const { perSecond } = await ask(manner, 32, seconds * SHARE)
      if (!apart) await manner.settled()
      return { ...latencyMs, perSecond }
    }
    const upstream = keep(await startMock())
    const vars = sinkVariables(`http://127.0.0.1:${await be('well')}`)
    const [none] = keep(await startTollgate(join(stateDir, 'sinks-none'), upstream)).manners
    const more = { configFile: fileURLToPath(new URL('sinks.yaml', import.meta.url)), vars }
    const [all] = keep(await startTollgate(join(stateDir, 'sinks-all'), upstream, more)).manners
    if (!none || !all) throw new Error('sinks: a gateway has no key')
    for (const manner of [none, all]) await ask(manner, 32, 1)

    const figures: Partial<Record<State, SinkFigures>> = {}
    let before = await sample(none)
    for (const state of STATES) {
      apart = state === 'apart'
      await be(state === 'apart' ? 'dead' : state)
      if (apart) {
        for (const manner of [none, all]) manner.consumes?.(false)
        before = await sample(none)
      }
      const pairs: { readonly own: Sample; readonly none: readonly Sample[] }[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const own = await sample(all)
        const after = await sample(none)
        pairs.push({ own, none: [before, after] })
        before = after
      }
      const of = (figure: keyof Sample) => median(pairs.map(({ own }) => own[figure]))
      const beside = (figure: keyof Sample) =>
        median(pairs.map(({ own, none }) => own[figure] / mean(none.map((one) => one[figure]))))
      figures[state] = {
        p50_vs_none: rounded(beside('p50')),
        p99_vs_none: rounded(beside('p99')),
        rps_vs_none: rounded(beside('perSecond')),
        p50_ms: rounded(of('p50')),
        p99_ms: rounded(of('p99')),
        rps: Math.round(of('perSecond')),
      }
    }
    return figures as Record<State, SinkFigures>
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

/** Every sink's variables, all of them at one address. */
function sinkVariables(url: string): Readonly<Record<string, string>> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return {
    LANGFUSE_PUBLIC_KEY: 'pk-bench',
    LANGFUSE_SECRET_KEY: 'sk-bench',
    LANGFUSE_HOST: url,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    DD_API_KEY: 'bench',
    DD_BASE_URL: url,
    GENERIC_LOGGER_ENDPOINT: url,
    S3_BUCKET_NAME: 'bench',
    S3_ACCESS_KEY_ID: 'bench',
    S3_SECRET_ACCESS_KEY: 'bench',
    S3_ENDPOINT_URL: url,
    BIGQUERY_PROJECT_ID: 'bench',
    BIGQUERY_DATASET: 'bench',
    BIGQUERY_ENDPOINT: url,
    BIGQUERY_CREDENTIALS_JSON: JSON.stringify({
      type: 'service_account',
      client_email: 'bench@bench.example',
      private_key: privateKey,
      token_uri: `${url}/token`,
    }),
    SLACK_WEBHOOK_URL: url,
    PAGERDUTY_API_KEY: 'bench',
    PAGERDUTY_EVENTS_URL: url,
    SENTRY_DSN: `${url.replace('//', '//bench@')}/1`,
  }
}

const rounded = (value: number) => Number(value.toFixed(3))
