import { type Fields, fields, isFields, parsed, text } from '../dialects/loose-json.ts'
import { saysTwice } from '../dialects/says-twice.ts'
import type { Usage } from '../prices/usage.ts'
import { anthropicUsage } from '../providers/anthropic-usage.ts'
import { openaiResponsesUsage } from '../providers/openai-responses-usage.ts'
import { openaiUsage } from '../providers/openai-usage.ts'
import { ndjsonSplitter } from '../streams/ndjson.ts'

/** One request of a batch. */
export interface BatchAsked {
  readonly method: string
  /** Below the vendor's address. */
  readonly rest: string
  readonly body: Fields
}

/** What one answered request of a batch used. */
export interface BatchUsed {
  readonly model: string | undefined
  readonly usage: Usage
}

/** A line of the file that OpenAI and Azure are given; undefined for what is no request, or says something twice. */
export function askedInLine(line: string): BatchAsked | undefined {
  const said = parsed(line)
  const { method, url, body } = fields(said)
  const rest = text(url)
  return rest === undefined || !isFields(body) || saysTwice(line, said)
    ? undefined
    : { method: text(method) ?? 'POST', rest, body }
}

/** The requests of a batch that Anthropic is given. */
export function askedOfAnthropic(requests: unknown): readonly (BatchAsked | undefined)[] {
  if (!Array.isArray(requests)) return []
  return requests.map((one) => {
    const { params } = fields(one)
    return isFields(params) ? { method: 'POST', rest: '/v1/messages', body: params } : undefined
  })
}

/** A line of results, of either vendor; undefined for a request that was not answered, which costs nothing. */
export function usedInLine(line: string): BatchUsed | undefined {
  const { response, result } = fields(parsed(line))
  if (isFields(result)) {
    const { message } = result
    const usage = anthropicUsage(message)
    return usage && { model: text(fields(message).model), usage }
  }
  const { body } = fields(response)
  const usage = openaiUsage(body) ?? openaiResponsesUsage(body)
  return usage && { model: text(fields(body).model), usage }
}

/** Line by line, without the whole of it in memory. Throws where it breaks off. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const splitter = ndjsonSplitter()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      const events = done ? splitter.end() : splitter.push(value)
      for (const { data } of events) yield data
      if (splitter.broken !== undefined) throw new Error(splitter.broken)
      if (done) return
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

/** Whether a batch is over, whatever came of it: then its results are all that there will be. */
export function isBatchOver({ status, processing_status: processing }: Fields): boolean {
  return processing === 'ended' || ['completed', 'failed', 'expired', 'cancelled'].includes(String(status))
}
