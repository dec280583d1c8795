import { GatewayError } from '../errors.ts'
import type { Source } from '../streams/telling.ts'
import { type Answer, watched } from './ask.ts'

/** Of one answer, which shares its isolate with all others: ten large pictures are less. */
const MOST_BYTES = 64 * 1024 * 1024

/** The body of an answer to its end. */
export function textOf(group: string, answer: Answer): Promise<string> {
  return readTo(group, answer, (response) => response.text(), textIn)
}

/** The same for one that is no text. */
export function bytesOf(group: string, answer: Answer): Promise<Uint8Array> {
  return readTo(group, answer, async (response) => new Uint8Array(await response.arrayBuffer()), bytesIn)
}

async function readTo<T>(
  group: string,
  { response, watch }: Answer,
  atOnce: (response: Response) => Promise<T>,
  inPieces: (pieces: AsyncGenerator<Uint8Array>) => Promise<T>,
): Promise<T> {
  const length = response.headers.get('content-length')
  try {
    if (Number(length) > MOST_BYTES) throw tooLong(group)
    // Asking for the stream makes one, which a body of known length does not need.
    if (length !== null || response.body === null) {
      // It comes in one go: it costs one read, and its silence is as long as it takes.
      watch.wait()
      return await atOnce(response)
    }
    return await inPieces(pieces(group, watched(response.body, watch)))
  } catch (cause) {
    if (cause instanceof GatewayError && cause.kind === 'upstream_failed') {
      if (!response.bodyUsed) response.body?.cancel().catch(() => {})
      throw cause
    }
    throw (
      watch.ended() ??
      new GatewayError('upstream_failed', `${group} broke off in the middle of its answer.`, {
        billed: true,
        retry: true,
        cause,
      })
    )
  } finally {
    watch.over()
  }
}

/** Some vendors keep a long answer alive with white space: that is no silence. */
async function* pieces(group: string, source: Source): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for (;;) {
    const { done, value } = await source.read()
    if (done) return
    bytes += value?.length ?? 0
    if (bytes > MOST_BYTES) {
      source.cancel().catch(() => {})
      throw tooLong(group)
    }
    if (value) yield value
  }
}

async function textIn(all: AsyncGenerator<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of all) text += decoder.decode(piece, { stream: true })
  return text + decoder.decode()
}

async function bytesIn(all: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const kept: Uint8Array<ArrayBuffer>[] = []
  for await (const piece of all) kept.push(new Uint8Array(piece))
  return new Uint8Array(await new Blob(kept).arrayBuffer())
}

function tooLong(group: string): GatewayError {
  const message = `${group} answered with more than ${MOST_BYTES} bytes, the most that is read here. Ask for less at once.`
  return new GatewayError('upstream_failed', message, { billed: true, retry: false })
}
