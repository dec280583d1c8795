/** A text, as far as it was read. */
export interface TextWithin {
  readonly text: string
  /** There is no more of it. */
  readonly isWhole: boolean
}

/** The text of a body, of which no more than `mostBytes` are ever held; what comes after is let go of. Throws where it breaks off. */
export async function textWithin(body: ReadableStream<Uint8Array> | null, mostBytes: number): Promise<TextWithin> {
  if (body === null) return { text: '', isWhole: true }
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let left = mostBytes
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { text: text + decoder.decode(), isWhole: true }
    text += decoder.decode(value.subarray(0, left), { stream: true })
    left -= value.length
    if (left >= 0) continue
    reader.cancel().catch(() => {})
    return { text, isWhole: false }
  }
}
