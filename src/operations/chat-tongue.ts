import type { ChatRequest } from '../dialects/chat.ts'
import { plainChat } from '../providers/openai-translator.ts'
import { ruledBy, withoutParams } from '../providers/parameter-rules.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import type { Reading } from '../providers/translator.ts'
import { awsEventSplitter } from '../streams/aws-event-stream.ts'
import { ndjsonSplitter } from '../streams/ndjson.ts'
import type { EventSplitter } from '../streams/splitter.ts'
import { sseSplitter } from '../streams/sse.ts'
import type { Asking } from './operation.ts'

type ChatAsking = Asking<ChatRequest>

/**
 * Caller and vendor speak the same dialect, so that body and answer pass: only model, stream and auth are ours. A vendor
 * with an accent, a stream framed another way, or a request that is no longer what the caller sent is told anew.
 */
export function passes({ call, provider, loweredTo, retold }: ChatAsking): boolean {
  const { dialect } = call
  if (provider.dialect !== dialect.name || provider.plain !== undefined) return false
  return dialect.name === 'openai' || (loweredTo === undefined && retold !== true && dialect.streamType === undefined)
}

/** The request as the vendor gets it. OpenAI's own body is put together field by field, whoever asks. */
export function upstreamOf(asking: ChatAsking): UpstreamRequest {
  const { call, provider } = asking
  const { request, target } = ruledBy(asking.request, asking.target)
  if (passes(asking) && call.dialect.name !== 'openai') {
    const body = withoutParams(vendorsOwn(call.body), target.additionalDropParams ?? [])
    return provider.forward(body, request.stream === true, target)
  }
  // What only other dialects can say, OpenAI's servers refuse; vendors with an accent leave it out themselves.
  const foreign = provider.dialect === 'openai' && provider.understands !== true && call.dialect.name !== 'openai'
  return provider.chat(foreign ? plainChat(request, target, target) : request, target)
}

/** Without what speaks to the gateway about time. */
function vendorsOwn(body: ChatAsking['call']['body']): ChatAsking['call']['body'] {
  if (!('timeout' in body || 'stream_timeout' in body || 'request_timeout' in body)) return body
  const { timeout: _, stream_timeout: _stream, request_timeout: _request, ...rest } = body
  return rest
}

export function readingOf({ id, request, startedAtMs }: ChatAsking): Reading {
  return { id: `chatcmpl-${id}`, createdSeconds: Math.floor(startedAtMs / 1000), request }
}

export function splitterOf({ provider }: Pick<ChatAsking, 'provider'>): EventSplitter {
  if (provider.framing === 'ndjson') return ndjsonSplitter()
  return provider.framing === 'aws-event-stream' ? awsEventSplitter() : sseSplitter()
}
