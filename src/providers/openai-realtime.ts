import type { Target, UpstreamRequest } from './provider.ts'
import type { Reach } from './task-request.ts'

/** OpenAI's `GET /realtime?model=…`, where an address does not name its model already. */
export function openaiRealtime({ url, headers }: Reach): (target: Target) => UpstreamRequest {
  return (target) => {
    const { 'content-type': _, ...rest } = headers(target)
    const address = new URL(url(target))
    const isNamed = address.searchParams.has('model') || address.searchParams.has('deployment')
    if (!isNamed) address.searchParams.set('model', target.model)
    return { url: address.toString(), method: 'GET', headers: { ...rest, upgrade: 'websocket' }, body: '' }
  }
}
