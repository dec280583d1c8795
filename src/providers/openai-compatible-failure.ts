import { type Fields, fields, isFields, parsed } from '../dialects/loose-json.ts'
import type { ErrorKind } from '../errors.ts'
import { openaiFailure } from './openai-failure.ts'
import type { Failure, Provider } from './provider.ts'

const TOO_LONG =
  /maximum context length|context[ _](?:length|window)[ _](?:is )?exceeded|prompt is too long|prompt too long|too large for model with|inputs?`? tokens \+ `?max_new_tokens|must have less than \d+ tokens|reduce the length of the (?:messages|input|prompt)|exceeds? the (?:model'?s )?(?:maximum )?context|maximum prompt length|too many tokens.{0,80}prompt/i
const POLICY =
  /violates? (?:our |the )?usage (?:guidelines|policies)|responsibleaipolicyviolation|requires moderation|flagged (?:for|by|as)|content_filter|safety_check|deny-?list/i
const BAD_KEY = /(?:incorrect|invalid|expired) api[- ]key|api[- ]key (?:provided )?is (?:invalid|not valid|expired)/i

/** Statuses that OpenAI does not use, or not in this sense. A used up balance is a limit like any other: others can help. */
const KINDS: Readonly<Record<number, { readonly kind: ErrorKind; readonly status: number }>> = {
  402: { kind: 'rate_limited', status: 429 },
  412: { kind: 'forbidden', status: 403 },
  424: { kind: 'upstream_failed', status: 502 },
  498: { kind: 'upstream_failed', status: 503 },
  524: { kind: 'timeout', status: 504 },
  529: { kind: 'upstream_failed', status: 503 },
}

/** OpenAI's refusals, with what other vendors say in their own words and statuses. */
export function compatibleFailure(refusal?: (body: Fields) => Fields): Provider['failure'] {
  return (status, headers, body) => {
    const said = parsed(body)
    const plain = refusal && isFields(said) ? refusal(said) : said
    const found = openaiFailure(status, headers, isFields(plain) ? JSON.stringify(plain) : body)
    return { ...found, ...closer(status, found, fields(plain)) }
  }
}

function closer(status: number, found: Failure, body: Fields): Pick<Failure, 'kind' | 'status'> | undefined {
  const { kind, message } = found
  if (kind === 'context_window_exceeded' || kind === 'content_policy_violation') return undefined
  const settled = kind === 'auth_error' || kind === 'rate_limited'
  if (!settled && (TOO_LONG.test(message) || codeOf(found) === 'context_length_exceeded'))
    return { kind: 'context_window_exceeded', status: 400 }
  if (!settled && (POLICY.test(message) || POLICY.test(String(found.code))))
    return { kind: 'content_policy_violation', status: 400 }
  if (kind === 'invalid_request' && BAD_KEY.test(message)) return { kind: 'auth_error', status: 401 }
  const written = Number(fields(body.error).code)
  return KINDS[status >= 400 ? status : written]
}

function codeOf({ code, type }: Failure): string | undefined {
  return code ?? type
}
