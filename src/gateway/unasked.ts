import type { Settlement } from '../ledger/port.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'

/** The end of the hold of an attempt that was taken for and never asked. */
export function unusedOf({ id, grant }: Attempt<AnyRequest>): Settlement | undefined {
  return grant && { grantId: grant.id, attempt: id, paidNano: 0n, tokens: 0, ...(grant.also && { also: grant.also }) }
}

/** The end of one that counted as begun and was then not asked after all: there is nothing to record. */
export function drop(attempt: Attempt<AnyRequest>, deps: GatewayDeps): void {
  const atMs = deps.clock()
  const { group, deployment, startedAtMs, call } = attempt
  const error = { kind: 'client_closed', status: 499 } as const
  const nothing = { ok: false, error, outputTokens: 0, totalTokens: 0 }
  deps.health.ended({ ...nothing, group, deployment: deployment.id, durationMs: atMs - startedAtMs, atMs }, deps.defer)
  const close = unusedOf(attempt)
  if (close) deps.handOver.add({ ledger: call.principal.ledger, close }, deps.defer)
}
