import type { MiddlewareHandler } from 'hono'
import { cors as honoCors } from 'hono/cors'

/** Keys travel in headers, never in cookies, so any page may ask; only browsers pay for the answer. */
export function cors(exposeHeaders: readonly string[]): MiddlewareHandler {
  const answer = honoCors({ origin: '*', exposeHeaders: [...exposeHeaders], maxAge: 86_400 })
  return (c, next) => (c.req.raw.headers.has('origin') ? answer(c, next) : next())
}

/** What a page's script may read beside the body. */
export const exposedHeaders = [
  'x-litellm-call-id',
  'x-litellm-model-id',
  'x-litellm-model-group',
  'x-litellm-response-cost',
  'x-litellm-key-spend',
  'x-litellm-cache-hit',
  'x-litellm-cache-key',
  'x-litellm-version',
  'x-litellm-overhead-duration-ms',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-request-id',
  'x-client-request-id',
  'x-should-retry',
  'idempotent-replayed',
  'retry-after',
  'retry-after-ms',
] as const
