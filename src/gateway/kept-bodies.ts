import { toGatewayError } from '../errors.ts'
import type { Bodies, BodyStore } from '../observe/bodies.ts'
import type { GatewayDeps } from './deps.ts'

/** Of each side; what is longer is cut. */
const MOST_BYTES = 64 * 1024

/** Headers by which a caller keeps what it says from being logged, LiteLLM's and its older form. */
const REDACTING = ['x-litellm-enable-message-redaction', 'litellm-enable-message-redaction']
/** Where the dialects say what is asked. */
const ASKED = ['messages', 'input', 'prompt', 'contents', 'query'] as const

type Fields = Readonly<Record<string, unknown>>
type Keeping = Pick<GatewayDeps, 'defer' | 'bodies'>

/** Of a request, what matters here. */
export interface Spoken {
  readonly requestId: string
  readonly receivedAtMs: number
  readonly headers: Headers
  readonly body: Fields
}

/**
 * The same answer, or the same error; where the operator keeps bodies, what was asked and answered is kept once it is over:
 * whole, as far as its client heard it, or as the refusal that came instead. Unless the caller wants neither kept.
 */
export async function keptBodies(spoken: Spoken, answering: Promise<Response>, keeping: Keeping): Promise<Response> {
  if (!keeping.bodies || isUnlogged(spoken)) return answering
  const keep = keeper(spoken, keeping.bodies, keeping.defer)
  let response: Response
  try {
    response = await answering
  } catch (thrown) {
    const { type, message } = toGatewayError(thrown)
    keep(JSON.stringify({ error: { type, message } }))
    throw thrown
  }
  if (!response.body || !isText(response)) {
    keep('')
    return response
  }
  const heard = new Beginning()
  // A stream ends in one of the two ways.
  const over = () => keep(heard.text())
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        heard.add(chunk)
        controller.enqueue(chunk)
      },
      flush: over,
      cancel: over,
    }),
  )
  return new Response(body, response)
}

function keeper({ body, requestId, receivedAtMs }: Spoken, bodies: BodyStore, defer: GatewayDeps['defer']) {
  const { input, output } = masked(body)
  return (answer: string): void => {
    const kept: Bodies = {
      ...(input ? {} : { request: cut(JSON.stringify(askedIn(body)) ?? '') }),
      ...(output ? {} : { response: cut(answer) }),
    }
    defer('keep what was said', bodies.keep(requestId, receivedAtMs, kept))
  }
}

/** Pictures and sound are nothing that a log could show. */
function isText({ headers }: Response): boolean {
  return /json|text\//.test(headers.get('content-type') ?? 'application/json')
}

function isUnlogged({ body, headers }: Spoken): boolean {
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
