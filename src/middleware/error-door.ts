import { isOfDatabase, unavailable, withoutValues } from '../db/sql-state.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { errorBody } from '../dialects/openai.ts'
import { errorHeaders, type GatewayError, toGatewayError } from '../errors.ts'

/** Takes one line of JSON for the operator. */
export type Log = (line: string) => void

/**
 * The one way a failure leaves, in the caller's dialect: what is ours in its own words, a database that cannot be reached
 * as that, anything else as `internal`. Faults of the gateway and of what it stands on are logged whole, under the
 * request's id.
 */
export function refusal(
  thrown: unknown,
  requestId: string,
  log: Log,
  dialect: Pick<Dialect, 'errorBody'> = { errorBody },
): Response {
  const error = toGatewayError(isOfDatabase(thrown) ? unavailable(thrown) : thrown)
  if (error.kind === 'internal' || (error.status >= 500 && error.details.cause !== undefined)) {
    log(
      JSON.stringify({
        level: 'error',
        message: 'request failed',
        request_id: requestId,
        kind: error.kind,
        error: storyOf(error.details.cause ?? error),
      }),
    )
  }
  return Response.json(dialect.errorBody(error, requestId), { status: statusOf(error), headers: errorHeaders(error) })
}

/** 499 is for logs: the client is gone, and a response must have a status that every runtime can send. */
function statusOf({ status }: GatewayError): number {
  return status >= 400 && status <= 599 ? status : 500
}

/** An error with its causes, as text; statements and their parameters are left out, they may carry a tenant's data. */
function storyOf(thrown: unknown, depth = 0): unknown {
  const error = withoutValues(thrown)
  if (!(error instanceof Error)) return String(error)
  return {
    name: error.name,
    message: error.message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined || depth > 4 ? {} : { cause: storyOf(error.cause, depth + 1) }),
  }
}
