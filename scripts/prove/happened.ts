import type { Evidence } from './evidence.ts'
import type { Chaos } from './plan.ts'

/** Of all requests, at least so many: a run in which nothing happened proves nothing. */
const LEAST: Readonly<Record<string, number>> = {
  answered: 0.1,
  'refused: budget': 0.01,
  'refused: rate': 0.001,
  'left by the client': 0.01,
  'failed by the provider': 0.001,
}
/** And at most so many: what is excused is rare, or the machine was too busy for a proof. */
const MOST: Readonly<Record<string, number>> = {
  '503 as its grant came too late': 0.2,
  'timed out': 0.05,
  'lost on a kept connection': 0.02,
}
/** What an operator was told when the thing was done. */
const ROUTES: Readonly<Partial<Record<Chaos['kind'], RegExp>>> = {
  limit: /^\/\w+\/(member_)?update$/,
  increase: /^\/key\/update$/,
  reset: /reset_spend$/,
  block: /^\/key\/block$/,
}

/** What makes a run no storm: kinds of answers that are missing, excuses that are too many, breakages that did not come. */
export function missingFrom(
  { plan, troubles, chaos }: Pick<Evidence, 'plan' | 'troubles' | 'chaos'>,
  counted: Readonly<Record<string, number>>,
): string[] {
  const share = (kind: string) => (counted[kind] ?? 0) / plan.requests.length
  const tooFew = Object.entries(LEAST).filter(([kind, least]) => share(kind) < least)
  const tooMany = Object.entries(MOST).filter(([kind, most]) => share(kind) > most)
  const didNot = [...new Set(plan.chaos.map(({ kind }) => kind))].filter((kind) => {
    const route = ROUTES[kind]
    if (route) return !Object.entries(chaos).some(([told, times]) => times > 0 && route.test(told))
    return kind === 'queue' ? chaos.queue === undefined : !troubles.some((trouble) => trouble.kind === kind)
  })
  return [
    ...tooFew.map(([kind]) => `too few: ${kind}`),
    ...tooMany.map(([kind]) => `too many: ${kind}`),
    ...didNot.map((kind) => `did not happen: ${kind}`),
  ]
}
