// npm run prove:faults [-- --seed 1 --only cut-alone]: everything that goes wrong with vendors, one after the other, against
// the production bundle in workerd. docs/proofs.md explains it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { seeded, shuffled } from './bench/figures.ts'
import { startStack } from './local/stack.ts'
import { play, type Row } from './prove/faults/matrix.ts'
import { startScriptedProvider } from './prove/faults/provider.ts'
import { configFor, scenarios } from './prove/faults/scenarios.ts'
import { startGateway } from './workerd/runner.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const key = 'sk-faults-master'
const stateDir = resolve(import.meta.dirname, `../.local/prove/faults-${process.pid}`)
const stops: (() => Promise<unknown>)[] = []

try {
  mkdirSync(stateDir, { recursive: true })
  const chosen = scenarios.filter(({ name }) => values.only === undefined || name.includes(values.only))
  const behaviours = chosen.flatMap(({ name, primary, backup }) => [
    [name, primary] as const,
    ...(backup ? [[`${name}-backup`, backup] as const] : []),
  ])
  const provider = await startScriptedProvider(new Map(behaviours))
  stops.push(() => provider.close())
  const stack = await startStack({ stateDir, providers: false, durable: false })
  stops.push(() => stack.stop())
  const configFile = join(stateDir, 'config.yaml')
  writeFileSync(configFile, configFor(provider.url, chosen))
  const runner = await startGateway({
    isolates: 1,
    stateDir,
    configFile,
    vars: {
      DATABASE_URL: stack.databaseUrl,
      UPSTASH_REDIS_REST_URL: stack.redisUrl,
      UPSTASH_REDIS_REST_TOKEN: stack.redisToken,
      LITELLM_MASTER_KEY: key,
      LITELLM_SALT_KEY: 'faults-salt',
    },
  })
  stops.push(() => runner.stop())
  const gateway = { url: runner.urls[0] ?? '', key }

  console.log(`seed ${seed}, ${chosen.length} faults, plain and streamed`)
  const rows: Row[] = []
  for (const scenario of shuffled(chosen, seeded(seed))) {
    const modes = [...(scenario.onlyStreams ? [] : [false]), ...(scenario.onlyPlain ? [] : [true])]
    for (const stream of modes) rows.push(await play(scenario, stream, { gateway, provider }))
  }
  const shown = rows.map(({ gapsMs, why: _, stream, ...row }) => ({
    ...row,
    stream: stream ? 'stream' : 'plain',
    gapsMs: gapsMs.join(' '),
  }))
  console.table(shown.toSorted((a, b) => a.scenario.localeCompare(b.scenario)))
  for (const { scenario, stream, why } of rows) {
    if (why !== undefined) console.log(`${scenario}, ${stream ? 'streamed' : 'plain'}: ${why}`)
  }
  const failed = rows.filter(({ ok }) => !ok)
  const count = (what: Row['got']) => rows.filter(({ got }) => got === what).length
  console.log(
    JSON.stringify({
      seed,
      kept: failed.length === 0,
      faults: rows.length,
      whole: count('whole'),
      clean_errors: count('error'),
      truncated: count('truncated'),
      hangs: count('hang'),
      next_served: rows.filter(({ next }) => next).length,
      broken: failed.map(({ scenario, stream, got }) => `${scenario} (${stream ? 'stream' : 'plain'}): ${got}`),
    }),
  )
  if (failed.length > 0) process.exitCode = 1
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  process.exitCode = 1
} finally {
  for (const stop of stops.reverse()) await stop().catch((error) => console.error(String(error)))
  if (!values.keep) rmSync(stateDir, { recursive: true, force: true })
}
process.exit(process.exitCode) // a driver's idle connection must not hold the command open
