import type { GatewayError } from '../errors.ts'

/** What `x-tollgate-explain: 1` is answered with. */
export const TRAIL_HEADER = 'x-tollgate-trail'
const LONGEST = 4_000

/**
 * What became of a request on its way: who was asked and with what outcome, who was passed over and why. Written only
 * for those who ask to have it explained.
 */
export class Trail {
  readonly #entries: string[] = []

  passedOver(group: string, deployment: string | undefined, why: string): void {
    this.#entries.push(`${named(group, deployment)} passed over: ${why}`)
  }

  failed(group: string, deployment: string, error: GatewayError, afterMs: number): void {
    this.#entries.push(`${named(group, deployment)} failed after ${afterMs} ms: ${error.status} ${error.kind}`)
  }

  slow(group: string, deployment: string, afterMs: number): void {
    this.#entries.push(`${named(group, deployment)} had not begun after ${afterMs} ms, another was asked beside it`)
  }

  /** The header's text, with the one that answers last. */
  text(answering?: { readonly group: string; readonly deployment: string; readonly afterMs: number }): string {
    const last = answering && `${named(answering.group, answering.deployment)} answers after ${answering.afterMs} ms`
    const text = [...this.#entries, ...(last ? [last] : [])].join('; ')
    return text.replace(/[^\x20-\x7e]/g, '?').slice(0, LONGEST)
  }
}

const named = (group: string, deployment: string | undefined) =>
  deployment === undefined ? group : `${group}/${deployment}`
