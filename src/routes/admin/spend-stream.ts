/**
 * A body that is made as it is read: the next part is asked for when the last one was taken, so that memory holds one
 * part, however long the whole is and however slow its reader. What fails before the first part is an answer like any
 * other; what fails later breaks the body off, so that a part is never taken for the whole.
 */
export async function streamed(parts: AsyncGenerator<string>, headers: Readonly<Record<string, string>>) {
  const encoder = new TextEncoder()
  let first: IteratorResult<string> | undefined = await parts.next()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = first ?? (await parts.next())
        first = undefined
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        await parts.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers })
}

/** Lists of items as one JSON array. */
export function streamedJson(lists: AsyncIterable<readonly unknown[]>): Promise<Response> {
  return streamed(jsonArray(lists), { 'content-type': 'application/json' })
}

async function* jsonArray(lists: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  let before = '['
  for await (const list of lists) {
    if (list.length === 0) continue
    yield before + list.map((item) => JSON.stringify(item)).join(',\n')
    before = ',\n'
  }
  yield before === '[' ? '[]' : ']'
}
