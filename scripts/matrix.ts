// npm run matrix [-- --client anthropic --family bedrock --scenario tools]: every SDK with every family of vendors, through
// the production bundle in workerd, with stand-ins that hold requests to the vendors' own rules. docs/proofs.md explains it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { cells, play, type Verdict } from '../test/e2e/matrix/play.ts'
import { tableOf } from '../test/e2e/matrix/table.ts'
import { startClouds } from '../test/support/clouds.ts'
import { configFor, startVendors } from '../test/support/vendors/server.ts'
import { startStack } from './local/stack.ts'
import { startGateway } from './workerd/runner.ts'

const option = { type: 'string' } as const
const { values } = parseArgs({ options: { client: option, family: option, scenario: option } })
const key = 'sk-matrix-master'
const stateDir = resolve(import.meta.dirname, `../.local/matrix-${process.pid}`)
const stops: (() => Promise<unknown>)[] = []

try {
  mkdirSync(stateDir, { recursive: true })
  const vendors = await startVendors()
  stops.push(() => vendors.stop())
  const clouds = await startClouds()
  stops.push(() => clouds.stop())
  const stack = await startStack({ stateDir, providers: false, durable: false })
  stops.push(() => stack.stop())
  const configFile = join(stateDir, 'config.yaml')
  writeFileSync(configFile, configFor(vendors.base))
  const runner = await startGateway({
    isolates: 1,
    stateDir,
    configFile,
    vars: {
      ...clouds.vars,
      DATABASE_URL: stack.databaseUrl,
      UPSTASH_REDIS_REST_URL: stack.redisUrl,
      UPSTASH_REDIS_REST_TOKEN: stack.redisToken,
      LITELLM_MASTER_KEY: key,
      LITELLM_SALT_KEY: 'matrix-salt',
    },
  })
  stops.push(() => runner.stop())

  const chosen = cells.filter(
    ({ client, family, scenario }) =>
      (values.client ?? client) === client &&
      (values.family ?? family) === family &&
      (values.scenario ?? scenario) === scenario,
  )
  const startedAtMs = performance.now()
  const verdicts: Verdict[] = []
  const waiting = [...chosen]
  const world = { url: runner.urls[0] ?? '', key, vendors }
  const worker = async () => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift()) verdicts.push(await play(cell, world))
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  const inOrder = chosen.flatMap((cell) =>
    verdicts.filter(
      (one) => one.client === cell.client && one.family === cell.family && one.scenario === cell.scenario,
    ),
  )
  console.log(tableOf(inOrder))
  const count = (got: Verdict['got']) => verdicts.filter((one) => one.got === got).length
  console.log(
    JSON.stringify({
      cells: chosen.length,
      served: count('served'),
      refused: count('refused'),
      broken: count('broken'),
      seconds: Math.round(performance.now() - startedAtMs) / 1000,
    }),
  )
  if (count('broken') > 0) process.exitCode = 1
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  process.exitCode = 1
} finally {
  for (const stop of stops.reverse()) await stop().catch((error) => console.error(String(error)))
  rmSync(stateDir, { recursive: true, force: true })
}
process.exit(process.exitCode) // a driver's idle connection must not hold the command open
