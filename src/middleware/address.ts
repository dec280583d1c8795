import type { Networks } from '../config/networks.ts'

/**
 * Where a request comes from: the address that Cloudflare saw. Where that is a proxy we trust, the last address in
 * `x-forwarded-for` that is not such a proxy; what stands before it anyone may have written.
 */
export function clientAddress(headers: Headers, trusted: Networks | undefined): string | undefined {
  const seen = headers.get('cf-connecting-ip')?.trim() || undefined
  if (!trusted || seen === undefined || !trusted.has(seen)) return seen
  const hops = (headers.get('x-forwarded-for') ?? '').split(',').map((hop) => hop.trim())
  return hops.filter((hop) => hop !== '').findLast((hop) => !trusted.has(hop)) ?? seen
}
