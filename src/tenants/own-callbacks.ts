type Json = Readonly<Record<string, unknown>>

/** One entry of `metadata.logging`, which takes the place of the one of its name; null leaves none. */
export type CallbackChange = (Json & { readonly callback_name: string }) | null

/** Metadata after such a change: everything else in it stays as it is. */
export function withCallback(metadata: Json, callback: CallbackChange): Json {
  const { logging } = metadata
  const there: readonly unknown[] = Array.isArray(logging) ? logging : []
  if (callback === null) return { ...metadata, logging: [] }
  return { ...metadata, logging: [...there.filter((one) => nameOf(one) !== callback.callback_name), callback] }
}

function nameOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'callback_name' in entry ? entry.callback_name : undefined
}
