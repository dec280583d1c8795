// npm run simulate:routing [-- --seed 1]: ten minutes of virtual time over twenty isolates and five deployments, for each
// strategy of ours and for LiteLLM's of the same name. docs/routing.md explains it.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { StrategyName } from '../src/config/config.ts'
import { strategies } from '../src/routing/strategies.ts'
import { drawing } from './simulate/drawing.ts'
import { type Figures, figuresOf } from './simulate/figures.ts'
import { litellm } from './simulate/litellm.ts'
import { ours } from './simulate/ours.ts'
import { run } from './simulate/run.ts'
import { badDay } from './simulate/world.ts'

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } })
const seed = Number(values.seed)
const names = Object.keys(strategies) as StrategyName[]
const contenders = names.flatMap((name) => [ours(name), ...litellm.filter(({ strategy }) => strategy === name)])

console.log(`seed ${seed}: 20 isolates, 5 deployments, 10 minutes; what isolates know of each other is up to 2 s old`)
const runs = contenders.map((contender) => run(contender, badDay, seed))
const figures = runs.map(figuresOf)
console.table(Object.fromEntries(figures.map((one) => [`${one.strategy} (${one.family})`, row(one)])))
const drawn = resolve(import.meta.dirname, '../docs/routing-simulation.svg')
writeFileSync(drawn, drawing(runs, badDay))
console.log(JSON.stringify({ seed, figures }))

function row({ phases, errors, refused, shares, worstOverload }: Figures) {
  const seconds = (ms = 0) => Number((ms / 1000).toFixed(1))
  const { calm, spike, slow, failing } = phases
  return {
    'calm p50 s': seconds(calm?.p50Ms),
    'calm p99 s': seconds(calm?.p99Ms),
    'spike p50 s': seconds(spike?.p50Ms),
    'spike p99 s': seconds(spike?.p99Ms),
    'spike p99 lost s': seconds(spike?.p99LostMs),
    'slow p99 s': seconds(slow?.p99Ms),
    'failing p99 s': seconds(failing?.p99Ms),
    errors,
    refused,
    'worst overload': worstOverload,
    'share a/b/c/d/e %': Object.values(shares)
      .map((share) => Math.round(share * 100))
      .join('/'),
  }
}
