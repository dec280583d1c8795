import { type Claim, type IdempotencyStore, KEPT_MS, type KeptAnswer, LEASE_MS } from './port.ts'

interface Row extends Claim {
  readonly leaseUntilMs: number
  readonly expiresAtMs: number
  readonly answered?: string
}

/** The twin: what it keeps lives as long as the process. `changed` tells whether a try changed something. */
export function memoryIdempotency(changed: (attempt: string) => boolean = () => false): IdempotencyStore {
  const rows = new Map<string, Row>()
  const ours = ({ name, attempt }: Claim) => {
    const row = rows.get(name)
    return row && row.attempt === attempt && row.answered === undefined ? row : undefined
  }
  return {
    begin(claim, nowMs) {
      const row = rows.get(claim.name)
      if (row && row.expiresAtMs > nowMs) {
        if (row.fingerprint !== claim.fingerprint) return Promise.resolve({ state: 'other' })
        if (row.answered !== undefined) {
          const { answer } = JSON.parse(row.answered) as { answer?: KeptAnswer }
          return Promise.resolve({ state: 'answered', answer })
        }
        if (row.leaseUntilMs > nowMs) return Promise.resolve({ state: 'running' })
        if (changed(row.attempt)) return Promise.resolve({ state: 'answered', answer: undefined })
      }
      rows.set(claim.name, { ...claim, leaseUntilMs: nowMs + LEASE_MS, expiresAtMs: nowMs + KEPT_MS })
      return Promise.resolve({ state: 'ours' })
    },
    renew(claim, nowMs) {
      const row = ours(claim)
      if (row) rows.set(claim.name, { ...row, leaseUntilMs: nowMs + LEASE_MS })
      return Promise.resolve()
    },
    finish(claim, answer, nowMs) {
      const row = ours(claim)
      if (row) rows.set(claim.name, { ...row, answered: JSON.stringify({ answer }), expiresAtMs: nowMs + KEPT_MS })
      return Promise.resolve()
    },
    release(claim, nowMs) {
      if (changed(claim.attempt)) return this.finish(claim, undefined, nowMs)
      if (ours(claim)) rows.delete(claim.name)
      return Promise.resolve()
    },
  }
}
