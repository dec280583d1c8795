// npm run bench:cache [-- --seconds 2 --seed 1]: what the cache saves against a provider that takes 600 ms, and what a
// Redis costs that dies under load. A part of `npm run bench`, by itself.
import { mkdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { cachedFigures } from './bench/cached.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '2' }, seed: { type: 'string', default: '1' } },
})
const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
const stateDir = resolve(import.meta.dirname, `../.local/bench/cache-${process.pid}`)
mkdirSync(stateDir, { recursive: true })
try {
  console.log(`seed ${seed}`)
  const { outage, ...figures } = await cachedFigures(stateDir, { seconds, seed })
  console.table({ cache: figures })
  console.table({ 'Redis dies': outage })
  console.log(JSON.stringify({ seed, seconds, ...figures, outage }))
  if (!outage.holds) process.exitCode = 1
} finally {
  rmSync(stateDir, { recursive: true, force: true })
}
process.exit(process.exitCode)
