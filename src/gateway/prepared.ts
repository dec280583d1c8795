import { traceparentFor } from '../observe/trace-ids.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { withMergedReasoning } from '../providers/merged-reasoning.ts'
import { type Conversation, remoteMedia } from '../providers/remote-media.ts'
import { withAccess } from './access.ts'
import { askedHeaders } from './asked-headers.ts'
import type { Attempt } from './attempt.ts'
import { clientHeaders } from './client-headers.ts'
import type { GatewayDeps } from './deps.ts'
import { withFetchedMedia } from './media.ts'
import { publicAddress, refusedAddress } from './outbound.ts'
import { withOwnAccess } from './own-access.ts'

const NOBODY: readonly string[] = []

/**
 * The attempt as its vendor can be asked: by the tongue it shares with the caller, with the caller's own access and
 * headers where they may be used, with an access token, and with what the vendor cannot fetch itself. Addresses in the
 * request are judged whoever fetches them. At once for the many that need nothing from outside.
 */
export function prepared<R extends AnyRequest>(
  attempt: Attempt<R>,
  deps: GatewayDeps,
): Attempt<R> | Promise<Attempt<R>> {
  const { general } = deps.config
  const { call, deployment } = attempt
  const allowedHosts = general.allowedHosts ?? NOBODY
  const { name: dialect } = call.dialect
  const asks = (dialect === 'responses' && attempt.provider.responses?.(attempt.target)) || attempt.provider
  const merges = dialect === 'openai' && (call.body.merge_reasoning_content_in_choices ?? deployment.mergesReasoning)
  const provider = merges === true ? withMergedReasoning(asks) : asks
  const own = withOwnAccess(attempt.target, call.body, { deployment, allowedHosts })
  const forwards = general.forwardClientHeaders === true
  const passed = clientHeaders(call.headers, { dialect, vendors: provider.dialect, forwards })
  const traceparent =
    deps.config.observe?.forwardsTrace === true
      ? { traceparent: traceparentFor(call.headers.get('traceparent'), call.requestId, attempt.id) }
      : undefined
  const asked = askedHeaders(call.body, { deployment, vendors: provider.dialect })
  const more = passed || traceparent || asked
  const target = more ? { ...own, extraHeaders: { ...passed, ...traceparent, ...asked, ...own.extraHeaders } } : own
  const urls = addressesIn(attempt.request, allowedHosts)
  const changed = provider !== attempt.provider || target !== attempt.target
  const ready = changed ? { ...attempt, provider, target } : attempt
  const fetches = provider.inlinesMedia === true && urls.length > 0
  return fetches || target.tokenSource ? fetched(ready, fetches ? urls : NOBODY, deps) : ready
}

/** What has to be had from outside before the vendor is asked. */
async function fetched<R extends AnyRequest>(
  attempt: Attempt<R>,
  urls: readonly string[],
  deps: GatewayDeps,
): Promise<Attempt<R>> {
  const { target, request, call } = attempt
  const { tokenSource } = target
  const allowedHosts = deps.config.general.allowedHosts ?? NOBODY
  const fetching = { fetch: deps.fetch, signal: call.signal, allowedHosts }
  return {
    ...attempt,
    ...(urls.length > 0 && isChat(request) && { request: await withFetchedMedia(request, urls, fetching) }),
    ...(tokenSource && { target: await withAccess(target, tokenSource, deps) }),
  }
}

/** Throws for the first that nobody may be sent to. */
function addressesIn(request: AnyRequest, allowedHosts: readonly string[]): readonly string[] {
  if (!isChat(request)) return NOBODY
  const urls = remoteMedia(request)
  for (const url of urls)
    if (publicAddress(url, { allowedHosts, httpsOnly: false }) === undefined) throw refusedAddress(url, 'messages')
  return urls
}

function isChat<R extends AnyRequest>(request: R): request is R & Conversation {
  return Array.isArray(request.messages)
}
