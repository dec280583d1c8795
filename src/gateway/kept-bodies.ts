import type { Bodies, BodyStore } from '../observe/bodies.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { Call } from './call.ts'
import type { GatewayDeps } from './deps.ts'

/** Of each side; what is longer is cut. */
const MOST_BYTES = 64 * 1024

/** Headers by which a caller keeps what it says from being logged, LiteLLM's and its older form. */
const REDACTING = ['x-litellm-enable-message-redaction', 'litellm-enable-message-redaction']
/** Where the dialects say what is asked. */
const ASKED = ['messages', 'input', 'prompt', 'contents', 'query'] as const

type Fields = Readonly<Record<string, unknown>>

/** The same answer; what was asked and answered is kept once it has gone, unless the caller wants neither kept. */
export function withKeptBodies<R extends AnyRequest>(
  call: Call<R>,
  response: Response,
  { bodies, defer }: Pick<GatewayDeps, 'defer'> & { readonly bodies: BodyStore },
): Response {
  if (!response.body || isUnlogged(call)) return response
  const { input, output } = masked(call.body)
  const keep = async (answer: string) => {
    const kept: Bodies = {
      ...(input ? {} : { request: cut(JSON.stringify(askedIn(call.body)) ?? '') }),
      ...(output ? {} : { response: answer }),
    }
    await bodies.keep(call.requestId, call.receivedAtMs, kept)
  }
  const heard = new Beginning()
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        heard.add(chunk)
        controller.enqueue(chunk)
      },
      flush: () => defer('keep what was said', keep(heard.text())),
    }),
  )
  return new Response(body, response)
}

function isUnlogged({ body, headers }: Call<AnyRequest>): boolean {
  return body['no-log'] === true || REDACTING.some((name) => headers.get(name)?.toLowerCase() === 'true')
}

/** Langfuse's words: `metadata.mask_input`, `metadata.mask_output`. */
function masked({ metadata, litellm_metadata }: Fields): { readonly input: boolean; readonly output: boolean } {
  const says = (name: string) =>
    [metadata, litellm_metadata].some((place) => (place as Fields | undefined)?.[name] === true)
  return { input: says('mask_input'), output: says('mask_output') }
}

function askedIn(body: Fields): unknown {
  const name = ASKED.find((one) => body[one] !== undefined)
  return name === undefined ? null : body[name]
}

const cut = (text: string): string => (text.length <= MOST_BYTES ? text : text.slice(0, MOST_BYTES).toWellFormed())

/** The first bytes of a stream. */
class Beginning {
  readonly #parts: Uint8Array[] = []
  #bytes = 0

  add(chunk: Uint8Array): void {
    if (this.#bytes >= MOST_BYTES) return
    const part = chunk.slice(0, MOST_BYTES - this.#bytes)
    this.#parts.push(part)
    this.#bytes += part.length
  }

  text(): string {
    const decoder = new TextDecoder()
    return this.#parts.map((part) => decoder.decode(part, { stream: true })).join('')
  }
}
