// npm run prove:dead-provider [-- --requests 10000 --concurrency 32 --isolates 2]: one of three vendors refuses every
// connection, and nobody notices; and shares by weight and order. docs/proofs.md explains it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startStack } from './local/stack.ts'
import { askInCrowd, awayFromShares, deadUrl, trioConfig } from './prove/faults/crowd.ts'
import { startScriptedProvider } from './prove/faults/provider.ts'
import { startGateway } from './workerd/runner.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    concurrency: { type: 'string', default: '32' },
    isolates: { type: 'string', default: '2' },
    most: { type: 'string', default: '20' },
  },
})
const requests = Number(values.requests)
const concurrency = Number(values.concurrency)
const isolates = Number(values.isolates)
const most = Number(values.most)
const key = 'sk-dead-provider-master'
const stateDir = resolve(import.meta.dirname, `../.local/prove/dead-${process.pid}`)
const stops: (() => Promise<unknown>)[] = []

try {
  mkdirSync(stateDir, { recursive: true })
  const provider = await startScriptedProvider(new Map())
  stops.push(() => provider.close())
  const stack = await startStack({ stateDir, providers: false, durable: false })
  stops.push(() => stack.stop())
  const configFile = join(stateDir, 'config.yaml')
  writeFileSync(configFile, trioConfig(provider.url, await deadUrl()))
  const runner = await startGateway({
    isolates,
    stateDir,
    configFile,
    vars: {
      DATABASE_URL: stack.databaseUrl,
      UPSTASH_REDIS_REST_URL: stack.redisUrl,
      UPSTASH_REDIS_REST_TOKEN: stack.redisToken,
      LITELLM_MASTER_KEY: key,
      LITELLM_SALT_KEY: 'dead-provider-salt',
    },
  })
  stops.push(() => runner.stop())
  const crowd = { requests, concurrency, urls: runner.urls, key }
  const figures = await askInCrowd({ ...crowd, model: 'trio' })
  const shares = await askInCrowd({ ...crowd, model: 'weighted' })
  const sentToDead = figures.failedAt.dead ?? 0
  const away = awayFromShares(shares)
  const leaked = (shares.answeredBy.second ?? 0) + (shares.failedAt.second ?? 0)
  const isShared = shares.answered === requests && away < 0.02 && leaked === 0
  const kept = figures.answered === requests && sentToDead < most && isShared
  console.table([
    { what: 'answered', count: figures.answered, of: requests },
    { what: 'sent to the dead one', count: sentToDead, of: `fewer than ${most}` },
    ...Object.entries(figures.answeredBy).map(([id, count]) => ({ what: `answered by ${id}`, count, of: '' })),
    ...Object.entries(shares.answeredBy).map(([id, count]) => ({
      what: `by weight: ${id}`,
      count,
      of: shares.answered,
    })),
    { what: 'sent to a later order', count: leaked, of: 0 },
    ...Object.entries(figures.refused).map(([status, count]) => ({ what: `refused with ${status}`, count, of: '' })),
  ])
  console.log(
    JSON.stringify({
      kept,
      requests,
      concurrency,
      isolates,
      sent_to_dead: sentToDead,
      ...figures,
      shares: { away, leaked, ...shares },
    }),
  )
  if (!kept) process.exitCode = 1
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  process.exitCode = 1
} finally {
  for (const stop of stops.reverse()) await stop().catch((error) => console.error(String(error)))
  rmSync(stateDir, { recursive: true, force: true })
}
process.exit(process.exitCode) // a driver's idle connection must not hold the command open
