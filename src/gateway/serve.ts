import { refuseInactive } from '../config/capabilities.ts'
import { groupOf } from '../config/read.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { Settlement } from '../ledger/port.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { mayUse } from '../tenants/access.ts'
import { answered } from './answered.ts'
import type { Attempt } from './attempt.ts'
import type { Call } from './call.ts'
import { type Candidate, plan } from './candidates.ts'
import type { GatewayDeps } from './deps.ts'
import { fallbacksOf, mayHelp } from './fallback.ts'
import { fail, giveWay } from './finish.ts'
import { take } from './take.ts'

/**
 * The story of a request: parse → admit → plan → take → ask → relay; log and settle follow the answer. Where a group
 * fails before anything was sent, the next is asked, re-priced. Whatever is thrown ends the request here, and an attempt
 * that was taken is always finished.
 */
export async function serve<R extends AnyRequest>(call: Call<R>, deps: GatewayDeps): Promise<Response> {
  const request = call.operation.parse(call.body, call.path, call.dialect)
  refuseInactive(request, 'chat')
  mayUse(call.principal, request.model, groupOf(deps.config, request.model))
  const [candidate] = plan(request.model, deps)
  const first = await attempted(await take(call, request, candidate, deps), deps)
  if (first.answered) return first.response
  return elsewhere(call, request, { attempt: first.attempt, error: first.error }, deps)
}

type Attempted<R extends AnyRequest> =
  | { readonly answered: true; readonly response: Response }
  | { readonly answered: false; readonly attempt: Attempt<R>; readonly error: GatewayError }

async function attempted<R extends AnyRequest>(attempt: Attempt<R>, deps: GatewayDeps): Promise<Attempted<R>> {
  try {
    return { answered: true, response: await answered(attempt, deps) }
  } catch (error) {
    return { answered: false, attempt, error: toGatewayError(error) }
  }
}

/** Each fallback once, in its order. When none answers, the client is told why the first failed. */
async function elsewhere<R extends AnyRequest>(
  call: Call<R>,
  request: R,
  failed: { readonly attempt: Attempt<R>; readonly error: GatewayError },
  deps: GatewayDeps,
): Promise<Response> {
  let { attempt, error } = failed
  for (const model of fallbacksOf(request.model, call.principal, deps.config)) {
    if (!mayHelp(error)) break
    const candidate = candidateOf(model, deps)
    if (!candidate) continue
    const open: Settlement | undefined = giveWay(attempt, error, deps)
    const next = await retaken(call, request, candidate, deps, {
      fallbacks: attempt.fallbacks + 1,
      ...(open ? { failed: open } : {}),
    })
    if (!next) throw failed.error
    const outcome = await attempted(next, deps)
    if (outcome.answered) return outcome.response
    ;({ attempt, error } = outcome)
  }
  fail(attempt, error, deps)
  throw failed.error
}

function candidateOf(model: string, deps: GatewayDeps): Candidate | undefined {
  try {
    return plan(model, deps)[0]
  } catch {
    return undefined
  }
}

/** A fallback that the caller cannot pay, or may not ask so often, is not asked. */
async function retaken<R extends AnyRequest>(...args: Parameters<typeof take<R>>): Promise<Attempt<R> | undefined> {
  try {
    return await take<R>(...args)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
