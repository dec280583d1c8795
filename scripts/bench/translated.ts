import { BENCH_MODEL, chatBody } from './request.ts'

/** The streamed chat of every measurement, as a caller of Anthropic's dialect asks it of the same OpenAI model. */
export interface TranslatedStream {
  readonly path: string
  readonly body: string
  /** What only a whole stream ends with. */
  readonly ends: string
}

/** Every event of such a stream is parsed, understood and printed anew; one of the same dialect passes as bytes. */
export function translatedStream(): TranslatedStream {
  const { messages, max_tokens } = JSON.parse(chatBody(true).toString())
  return {
    path: '/v1/messages',
    body: JSON.stringify({ model: BENCH_MODEL, max_tokens, messages, stream: true }),
    ends: '"type":"message_stop"',
  }
}
