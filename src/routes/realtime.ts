import * as z from 'zod'
import { openaiChat } from '../dialects/openai-chat.ts'
import { GatewayError } from '../errors.ts'
import { type Client, converse } from '../gateway/realtime.ts'
import { switched } from '../gateway/realtime-socket.ts'
import { bearerAgain } from '../middleware/bearer.ts'
import { protocolsOf } from '../middleware/credentials.ts'
import { realtime as operation } from '../operations/realtime.ts'
import type { Principal } from '../tenants/principal.ts'
import { mustBeActive } from '../tenants/standing.ts'
import { callerOf } from './others.ts'
import { type Asked, type Route, route } from './route.ts'

/** How OpenAI's browser clients, which can send no headers, ask for the version before this one. */
const BETA = 'openai-beta.realtime-v1'

const realtime = route({
  method: 'GET',
  paths: ['/v1/realtime', '/realtime', '/openai/v1/realtime', '/openai/realtime'],
  access: 'key',
  tag: 'Realtime',
  summary: 'A conversation in speech or text, over a WebSocket.',
  query: z.object({
    model: z.string().optional(),
    /** Azure's word for it. */
    deployment: z.string().optional(),
    intent: z.string().optional(),
    call_id: z.string().optional(),
  }),
  handle: async (asked) => {
    const { request, query, requestId, receivedAtMs, deps } = asked
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
      throw new GatewayError(
        'invalid_request',
        'This is a WebSocket: open it with one (wss://…/v1/realtime?model=NAME).',
        {
          status: 426,
          headers: { upgrade: 'websocket' },
          retry: false,
        },
      )
    if (query.intent !== undefined || query.call_id !== undefined)
      throw new GatewayError('invalid_request', 'Only conversations are served here: leave out intent and call_id.', {
        param: query.intent === undefined ? 'call_id' : 'intent',
        retry: false,
      })
    const offered = protocolsOf(request.headers)
    const headers = new Headers(request.headers)
    if (offered.includes(BETA) && !headers.has('openai-beta')) headers.set('openai-beta', 'realtime=v1')
    const { principal, standing } = await callerBy(asked)
    const model = query.model ?? query.deployment
    const call = {
      ...{ requestId, principal, operation, dialect: openaiChat, path: {}, headers, receivedAtMs },
      body: model === undefined ? {} : { model },
      signal: request.signal,
    }
    return converse(call, { standing, accept: (shown) => switched({ ...shown, ...chosenOf(offered) }) }, deps.gateway)
  },
})

async function callerBy({ principal, request, receivedAtMs, deps }: Asked<'key', unknown, unknown>) {
  const { tenants, gateway } = deps
  const { clock, defer } = gateway
  const { headers } = request
  const caller = (who: Principal, nowMs: number) => callerOf(who, { headers, body: {} }, tenants, { nowMs, defer })
  const standing: Client['standing'] = async () => {
    const nowMs = clock()
    if (principal.kind === 'master') return caller(principal, nowMs)
    const moment = { nowMs, defer }
    const now = (await bearerAgain(principal, moment)) ?? (await tenants.principalOf(principal.keyHash, moment))
    if (!now) throw new GatewayError('auth_error', 'Authentication Error, this key was deleted.', { retry: false })
    mustBeActive(now, nowMs)
    return caller(now, nowMs)
  }
  return { principal: await caller(principal, receivedAtMs), standing }
}

/** One of the protocols that were offered must be chosen; never the one that is a key. */
const chosenOf = (offered: readonly string[]) =>
  offered.includes('realtime') ? { 'sec-websocket-protocol': 'realtime' } : {}

export const realtimeRoutes: readonly Route[] = [realtime]
