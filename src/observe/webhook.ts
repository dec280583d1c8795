import { standardPayload } from './payload.ts'
import { headersIn, hmacSha256, type Sink } from './sink.ts'

/**
 * LiteLLM's `generic_api`: a JSON list of its payloads to an address of the operator's. With a secret, the header
 * `x-tollgate-signature: t=SECONDS,v1=HEX` has the HMAC-SHA-256 of `SECONDS.BODY`, so that a receiver can tell that it
 * came from here, and when.
 */
export const webhook: Sink = {
  name: 'generic_api',
  tellsBodies: true,
  settings: {
    endpoint: { variable: 'GENERIC_LOGGER_ENDPOINT' },
    headers: { variable: 'GENERIC_LOGGER_HEADERS', optional: true },
    secret: { variable: 'GENERIC_LOGGER_SECRET', optional: true },
  },
  async posts(events, { endpoint = '', headers, secret }, { nowMs, id, bodies }) {
    const body = JSON.stringify(events.map((event) => standardPayload(event, bodies)))
    const seconds = Math.floor(nowMs / 1000)
    const signed = secret && {
      'x-tollgate-signature': `t=${seconds},v1=${await hmacSha256(secret, `${seconds}.${body}`)}`,
    }
    return [
      {
        url: endpoint,
        headers: { ...headersIn(headers), ...signed, 'content-type': 'application/json', 'x-tollgate-delivery': id },
        body,
      },
    ]
  },
}
