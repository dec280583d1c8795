import type { Verdict } from './play.ts'
import { scenarios } from './play.ts'

const SIGNS: Readonly<Record<Verdict['got'], string>> = { served: '✓', refused: '–', broken: '✗' }

/** A line for each pair of client and family, a sign for each scenario; what was not served is said below. */
export function tableOf(verdicts: readonly Verdict[]): string {
  const pairs = Map.groupBy(verdicts, ({ client, family }) => `${client.padEnd(17)}${family.padEnd(15)}`)
  const shown = scenarios.filter((scenario) => verdicts.some((one) => one.scenario === scenario))
  const head = `${'client'.padEnd(17)}${'family'.padEnd(15)}${shown.join(' ')}`
  const lines = [...pairs].map(([pair, of]) => {
    const signs = shown.map((scenario) => {
      const got = of.find((one) => one.scenario === scenario)?.got
      return (got === undefined ? ' ' : SIGNS[got]).padEnd(scenario.length)
    })
    return `${pair}${signs.join(' ')}`.trimEnd()
  })
  const refused = [
    ...new Set(
      verdicts
        .filter(({ got }) => got === 'refused')
        .map(({ family, scenario, why }) => `– ${family}, ${scenario}: ${why}`),
    ),
  ]
  const broken = verdicts
    .filter(({ got }) => got === 'broken')
    .map(({ client, family, scenario, why }) => `✗ ${client}, ${family}, ${scenario}: ${why}`)
  return [head, ...lines, ...refused, ...broken].join('\n')
}
