// npm run bench [-- --rounds 4 --seconds 2 --seed 1]: what Tollgate costs beside a bare proxy in the same runtime, and
// beside Portkey's gateway on Node. docs/bench.md says how to read it.
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { cachedFigures } from './bench/cached.ts'
import { mean, median, seeded, shuffled } from './bench/figures.ts'
import type { Load, LoadResult } from './bench/load.ts'
import {
  forked,
  type Manner,
  type Started,
  startBareProxy,
  startMock,
  startPortkey,
  startTollgate,
} from './bench/manners.ts'
import { quietKeys } from './bench/quiet-keys.ts'
import { chatBody } from './bench/request.ts'
import { sinkFigures } from './bench/sinks.ts'
import { translatedStream } from './bench/translated.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
})
/** How many keys ask rarely, at the end. */
const QUIET_KEYS = 1_000
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const seed = Number(values.seed)

/** What the same figures were in the first version, which knew one budget, no allowances, no routing and one vendor. */
const FIRST_VERSION = { governed_vs_bare: 0.356, governed_cpu_vs_bare: 3.178, streams_vs_bare: 0.154 }

/** What is measured in each round. `share` of `seconds` is how long one measurement takes. */
const PHASES = {
  throughput: { stream: false, concurrency: 32, share: 1 },
  latency: { stream: false, concurrency: 1, share: 0.5 },
  streams: { stream: true, concurrency: 32, share: 0.75 },
  firstToken: { stream: true, concurrency: 1, share: 0.4 },
  /** A caller of another dialect; the bare proxy beside it passes the chat's stream. */
  translated: { stream: true, concurrency: 32, share: 0.75 },
} as const
type Phase = keyof typeof PHASES

interface Sample extends LoadResult {
  readonly cpuMsPerRequest: number
  readonly objectCallsPerRequest: number
  readonly sqlPerRequest: number
}

interface Pair {
  readonly own: Sample
  /** The mean of the bare proxy just before and just after. */
  readonly bare: (figure: (sample: Sample) => number) => number
}

const benchDir = resolve(import.meta.dirname, '../.local/bench')
const stateDir = resolve(benchDir, `run-${process.pid}`)
const stops: (() => Promise<void>)[] = []
const keep = <T>({ value, stop }: Started<T>): T => {
  stops.push(stop)
  return value
}

async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop().catch((error) => console.error(String(error)))
  rmSync(stateDir, { recursive: true, force: true })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)))
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await stopAll()
}
process.exit(process.exitCode) // a driver's idle connection must not hold the command open

async function main(): Promise<void> {
  mkdirSync(stateDir, { recursive: true })
  console.log(`seed ${seed}, ${rounds} rounds of ${seconds} s`)
  const generator = forked('load.ts')
  stops.push(async () => void generator.kill())
  const upstream = keep(await startMock())
  const bare = keep(await startBareProxy(stateDir, upstream))
  const { manners: tollgate, keys } = keep(await startTollgate(stateDir, upstream))
  const portkey = await startPortkey(resolve(benchDir, 'portkey'), upstream).then(keep, (error: Error) => {
    console.log(`portkey is left out: it could not be installed or started (${error.message.split('\n')[0]})`)
  })
  const others = [...tollgate, ...(portkey ? [portkey] : [])]
  const everyone = [bare, ...others]

  for (const manner of everyone) {
    for (const phase of ['throughput', 'streams'] as const) await sample(manner, phase, 1)
  }
  const rssBefore = new Map(everyone.map((manner) => [manner.name, manner.rssBytes()]))

  const pairs = new Map<string, Pair[]>()
  const bareSamples = new Map<Phase, Sample[]>()
  const random = seeded(seed)
  for (let round = 1; round <= rounds; round++) {
    for (const phase of Object.keys(PHASES) as Phase[]) {
      const rates: string[] = []
      const measureBare = async (): Promise<Sample> => {
        const result = await sample(bare, phase, seconds)
        bareSamples.set(phase, [...(bareSamples.get(phase) ?? []), result])
        rates.push(`bare ${Math.round(result.perSecond)}`)
        return result
      }
      let before = await measureBare()
      for (const manner of shuffled(phase === 'translated' ? tollgate : others, random)) {
        const own = await sample(manner, phase, seconds)
        rates.push(`${manner.name} ${Math.round(own.perSecond)}`)
        const after = await measureBare()
        const around = [before, after]
        const place = `${manner.name} ${phase}`
        pairs.set(place, [...(pairs.get(place) ?? []), { own, bare: (figure) => mean(around.map(figure)) }])
        before = after
      }
      console.log(`round ${round}, ${phase}, per second: ${rates.join(', ')}`)
    }
  }

  const rows = everyone.map((manner) => {
    const of = (phase: Phase, figure: (sample: Sample) => number): number =>
      median(
        (manner === bare
          ? (bareSamples.get(phase) ?? [])
          : (pairs.get(`${manner.name} ${phase}`)?.map(({ own }) => own) ?? [])
        ).map(figure),
      )
    const beside = (
      phase: Phase,
      compare: (own: number, bare: number) => number,
      figure: (sample: Sample) => number,
    ) =>
      manner === bare
        ? compare(1, 1)
        : median(
            (pairs.get(`${manner.name} ${phase}`) ?? []).map((pair) => compare(figure(pair.own), pair.bare(figure))),
          )
    const ratio = (own: number, other: number): number => own / other
    const more = (own: number, other: number): number => own - other
    return {
      manner: manner.name,
      rps: round(
        of('throughput', (s) => s.perSecond),
        0,
      ),
      rps_vs_bare: round(
        beside('throughput', ratio, (s) => s.perSecond),
        3,
      ),
      cpu_ms: round(
        of('throughput', (s) => s.cpuMsPerRequest),
        4,
      ),
      cpu_vs_bare: round(
        beside('throughput', ratio, (s) => s.cpuMsPerRequest),
        3,
      ),
      p50_ms: round(
        of('latency', (s) => s.latencyMs.p50),
        3,
      ),
      p50_added_ms: round(
        beside('latency', more, (s) => s.latencyMs.p50),
        3,
      ),
      p99_ms: round(
        of('latency', (s) => s.latencyMs.p99),
        3,
      ),
      p99_added_ms: round(
        beside('latency', more, (s) => s.latencyMs.p99),
        3,
      ),
      streams_per_s: round(
        of('streams', (s) => s.perSecond),
        1,
      ),
      streams_vs_bare: round(
        beside('streams', ratio, (s) => s.perSecond),
        3,
      ),
      stream_cpu_vs_bare: round(
        beside('streams', ratio, (s) => s.cpuMsPerRequest),
        3,
      ),
      ttft_ms: round(
        of('firstToken', (s) => s.firstByteMs.p50),
        3,
      ),
      ttft_added_ms: round(
        beside('firstToken', more, (s) => s.firstByteMs.p50),
        3,
      ),
      translated_per_s: round(
        of('translated', (s) => s.perSecond),
        1,
      ),
      translated_vs_bare: round(
        beside('translated', ratio, (s) => s.perSecond),
        3,
      ),
      translated_cpu_vs_bare: round(
        beside('translated', ratio, (s) => s.cpuMsPerRequest),
        3,
      ),
      object_calls: round(
        of('throughput', (s) => s.objectCallsPerRequest),
        4,
      ),
      sql: round(
        of('throughput', (s) => s.sqlPerRequest),
        4,
      ),
      rss_before_mb: round((rssBefore.get(manner.name) ?? 0) / 1e6, 1),
      rss_after_mb: round(manner.rssBytes() / 1e6, 1),
    }
  })
  const row = (name: string) => rows.find(({ manner }) => manner === name)
  const governedVsPortkey = row('portkey') ? (row('governed')?.rps ?? 0) / (row('portkey')?.rps ?? 1) : null
  console.table(Object.fromEntries(rows.map(({ manner, ...figures }) => [manner, figures])))
  const now = row('governed')
  console.table({
    'the first version': FIRST_VERSION,
    now: {
      governed_vs_bare: now?.rps_vs_bare,
      governed_cpu_vs_bare: now?.cpu_vs_bare,
      streams_vs_bare: now?.streams_vs_bare,
    },
  })
  const [governed] = tollgate
  const quiet = governed && (await quietKeys(governed, await keys(QUIET_KEYS), chatBody(false).toString()))
  if (quiet) console.table({ 'quiet keys': quiet })
  const { outage, ...cache } = await cachedFigures(stateDir, { seconds, seed })
  console.table({ cache })
  console.table({ 'Redis dies': outage })
  const sinks = await sinkFigures(stateDir, { seconds })
  console.table(sinks)
  console.log(
    JSON.stringify({
      seed,
      rounds,
      seconds,
      governed_vs_bare: now?.rps_vs_bare,
      governed_cpu_vs_bare: now?.cpu_vs_bare,
      governed_vs_portkey: governedVsPortkey === null ? null : round(governedVsPortkey, 3),
      ttft_added_ms: now?.ttft_added_ms,
      first_version: FIRST_VERSION,
      quiet_keys: quiet,
      cache: { ...cache, outage },
      sinks,
      manners: rows,
    }),
  )

  async function sample(manner: Manner, phase: Phase, fullSeconds: number): Promise<Sample> {
    const { stream, concurrency, share } = PHASES[phase]
    const other = phase === 'translated' && manner.translates === true ? translatedStream() : undefined
    const body = other?.body ?? chatBody(stream).toString()
    const [before, cpuBefore] = [await manner.counts(), manner.cpuMs()]
    const load: Load = {
      url: other ? new URL(other.path, manner.url).href : manner.url,
      headers: manner.headers,
      body,
      concurrency,
      stream,
      ...(other && { ends: other.ends }),
      seconds: fullSeconds * share,
    }
    const answer = once(generator, 'message')
    generator.send(load)
    const [result] = (await answer) as [LoadResult]
    if (result.failures > 0) {
      throw new Error(`${manner.name}, ${phase}: ${result.failures} bad answers. The first:\n${result.firstFailure}`)
    }
    await manner.settled() // what a request leaves behind is part of what it costs
    const [after, cpuAfter] = [await manner.counts(), manner.cpuMs()]
    return {
      ...result,
      cpuMsPerRequest: (cpuAfter - cpuBefore) / result.requests,
      objectCallsPerRequest: (after.objectCalls - before.objectCalls) / result.requests,
      sqlPerRequest: (after.sqlStatements - before.sqlStatements) / result.requests,
    }
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
