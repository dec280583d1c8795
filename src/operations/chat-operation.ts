import type { ChatRequest } from '../dialects/chat.ts'
import { completion } from '../dialects/openai.ts'
import { GatewayError } from '../errors.ts'
import { estimateUsage, worstCase } from './chat.ts'
import { passes, readingOf, upstreamOf } from './chat-tongue.ts'
import { leastCase, longestWithin, lowered, namesMaximum } from './lowered.ts'
import { needsOf } from './needs.ts'
import type { Asking, Operation, Told, VendorAnswer } from './operation.ts'
import { promptKey } from './prompt-prefix.ts'

/** Models that answer no chat, and whose prices know no tokens. */
const SILENT_MODES: ReadonlySet<string> = new Set([
  'image_generation',
  'audio_speech',
  'audio_transcription',
  'moderation',
  'rerank',
  'realtime',
])

/** A chat, in any of the dialects: whole or as a stream. */
export const chat: Operation<ChatRequest> = {
  name: 'chat',
  callType: 'acompletion',
  parse: (body, path, dialect) => dialect.parse(body, path),
  unfit(vendor, mode) {
    if (vendor.chatless) return 'its vendor has no chat here'
    return SILENT_MODES.has(mode) ? `it is a model for ${mode}` : undefined
  },
  worstCase,
  needs: needsOf,
  prefixKey: promptKey,
  lowering: { namesMaximum, leastCase, longestWithin, lowered },
  estimateUsage,
  streams: ({ stream }) => stream === true,
  upstreams: (asking) => [upstreamOf(asking)],
  told,
  filtered,
}

/** The answer in the caller's words, with an estimate of its usage where the vendor tells none. One that cannot be read is none. */
function told(asking: Asking<ChatRequest>, [{ text, json }]: readonly [VendorAnswer, ...VendorAnswer[]]): Told {
  const { call, deployment, provider, request } = asking
  const known = provider.usage(json)
  const usage = known ?? estimateUsage(request, text.length, deployment.maxOutputTokens)
  const outcome = { usage, estimated: known === undefined }
  if (passes(asking)) {
    const body = call.dialect.name === 'openai' ? completion(text, json, deployment.group) : text
    return { ...outcome, body }
  }
  try {
    const answer = provider.completion(json, readingOf(asking))
    const body = JSON.stringify(call.dialect.completion({ ...answer, usage: answer.usage ?? usage }, request))
    return { ...outcome, body }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('upstream_failed', `${deployment.group} answered with something that cannot be read.`, {
      billed: true,
      retry: true,
      cause,
    })
  }
}

function filtered(asking: Asking<ChatRequest>, { json }: VendorAnswer): boolean {
  try {
    return asking.provider.completion(json, readingOf(asking)).choices[0]?.finish_reason === 'content_filter'
  } catch {
    return false
  }
}
