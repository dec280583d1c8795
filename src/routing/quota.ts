import type { Routable } from './strategy.ts'

type Limited = Pick<Routable, 'rpm' | 'tpm' | 'state'>

/** Whether the deployment's own limits leave room for one more request of so many tokens, by the last sixty seconds. */
export function hasRoom({ rpm, tpm, state }: Limited, inputTokens: number): boolean {
  return !isOver(rpm, state.requests + 1) && !isOver(tpm, state.tokens + inputTokens)
}

function isOver(limit: number | undefined, used: number): boolean {
  return limit !== undefined && used > limit
}
