import { newId } from '../ids.ts'

/** What a client may call its own request by: shown back, never used as ours. */
const SANE = /^[\w.:/+=-]{1,128}$/

export interface RequestIds {
  /** Ours, a UUIDv7. */
  readonly requestId: string
  readonly clientId?: string
}

export function requestIds(headers: Headers, nowMs: number): RequestIds {
  const named = headers.get('x-litellm-call-id') ?? headers.get('x-request-id')
  const requestId = newId(nowMs)
  return named !== null && SANE.test(named) ? { requestId, clientId: named } : { requestId }
}

/** The headers that every answer carries. */
export function idHeaders({ requestId, clientId }: RequestIds): Record<string, string> {
  return {
    'x-litellm-call-id': requestId,
    'x-request-id': requestId,
    ...(clientId === undefined ? {} : { 'x-client-request-id': clientId }),
  }
}
