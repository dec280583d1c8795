import { GatewayError } from '../errors.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { Controls } from './controls.ts'
import type { Failed, Leg } from './itinerary.ts'
import type { Journey } from './journey.ts'

/**
 * LiteLLM's `mock_testing_fallbacks` and its siblings: the group that was asked for fails without being asked, so that
 * anyone can see where their fallbacks lead.
 */
export function mocked<R extends AnyRequest>({ group, depth }: Leg<R>, { mock }: Controls): Failed | undefined {
  if (depth > 0) return undefined
  const because = `This is a mock failure of ${group.name}, to try its fallbacks.`
  switch (mock) {
    case 'failure':
      return failed(new GatewayError('upstream_failed', because, { status: 500 }))
    case 'context_window':
      return failed(new GatewayError('context_window_exceeded', because))
    case 'content_policy':
      return failed(new GatewayError('content_policy_violation', because))
    default:
      return undefined
  }
}

/** `mock_testing_rate_limit_error`: the first attempt fails so, without being made; its retries are real. */
export function mockedLimit<R extends AnyRequest>(journey: Journey<R>, group: string): Failed | undefined {
  if (journey.controls.mock !== 'rate_limit' || journey.mockedLimit) return undefined
  journey.mockedLimit = true
  return failed(new GatewayError('rate_limited', `This is a mock rate limit of ${group}, to try its retries.`))
}

const failed = (error: GatewayError): Failed => ({ error, asked: true })
