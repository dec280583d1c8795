import { Redis } from '@upstash/redis/cloudflare'

export interface UpstashAccess {
  readonly url: string
  readonly token: string
  /** A call that takes longer is a fault. */
  readonly timeoutMs?: number
}

/** Upstash as the gateway uses it: one try, a deadline for each call, texts as they are. */
export function upstashClient({ url, token, timeoutMs = 250 }: UpstashAccess): Redis {
  return new Redis({
    url,
    token,
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(timeoutMs),
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    responseEncoding: false,
    readYourWrites: false,
  })
}
