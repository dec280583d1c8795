import type { Fields } from '../dialects/loose-json.ts'
import type { ClaudeTraits } from './anthropic-model.ts'
import { unsupported } from './unsupported.ts'

/**
 * Sampling, as far as the model has it: newer ones have none, some have `temperature` or `top_p` but not both, and one
 * that thinks with a budget keeps to its defaults. A default beside what the model cannot have with it is left out, since
 * it asks for nothing. OpenAI's temperatures reach to 2, Claude's to 1; none is bent to fit.
 */
export function samplingOf(
  { temperature, top_p, top_k }: Fields,
  traits: ClaudeTraits,
  thinks: boolean,
  target: { readonly dropParams?: boolean },
): Fields {
  const both = isSet(temperature) && isSet(top_p) && !traits.samplesByBoth
  const fixed = !traits.samples || thinks || both
  const isDefault = (field: string, value: unknown) => field !== 'top_k' && value === 1
  const given = Object.entries({ temperature, top_p, top_k }).filter(
    ([field, value]) => isSet(value) && !(fixed && isDefault(field, value)),
  )
  const two = both && given.filter(([field]) => field !== 'top_k').length === 2
  const bad = given.filter(([field, value]) => {
    if (!traits.samples || (two && field === 'top_p')) return true
    if (field === 'temperature') return thinks || !inRange(value, 0, 1)
    return thinks && (field === 'top_k' || !inRange(value, 0.95, 1))
  })
  unsupported(
    bad.map(([field]) => field),
    target,
  )
  return Object.fromEntries(given.filter((entry) => !bad.includes(entry)))
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

function inRange(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most
}
