/** The request of every measurement. Fixed: figures of different versions are compared by it. */

const BYTES = 1024
const MESSAGES = 10
export const BENCH_MODEL = 'bench'

/** A chat of ten messages, 1 KiB of JSON; the streamed one is longer by `"stream":true`. */
export function chatBody(stream: boolean): Buffer {
  const speak = (content: string, index: number) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })
  const bodyOf = (contents: readonly string[]) =>
    JSON.stringify({ model: BENCH_MODEL, messages: contents.map(speak), max_tokens: 256 })
  const empty = Buffer.byteLength(bodyOf(Array.from({ length: MESSAGES }, () => '')))
  const spare = BYTES - empty
  const share = Math.floor(spare / MESSAGES)
  const lengths = Array.from({ length: MESSAGES }, (_, index) => (index === 0 ? spare - share * (MESSAGES - 1) : share))
  const body = bodyOf(lengths.map(words))
  return Buffer.from(stream ? `${body.slice(0, -1)},"stream":true}` : body)
}

function words(length: number): string {
  return 'Tell me how a toll gate counts what passes through it. '.repeat(3).slice(0, length)
}
