import { type Entry, entryOf } from './entry.ts'

/** Text that only who has the salt key can read, and only in the place that it was sealed for. */
export interface Seal {
  seal(text: string, place: string): Promise<string>
  open(sealed: string, place: string): Promise<string | undefined>
}

export interface Written {
  readonly hash: string
  /** The epoch it belongs to: a flush begins another. */
  readonly epoch: string
  readonly text: string
}

/** Shorter texts gain nothing that their reading would not cost. */
const COMPRESSED_FROM_CHARS = 2_048

/** Between isolates entries travel as `epoch:how:text`: `j` is plain JSON, `z` compressed, `s` and `sz` the same sealed. */
export function codec(seal?: Seal) {
  return {
    async write({ hash, epoch, text }: Written): Promise<string> {
      const packs = text.length >= COMPRESSED_FROM_CHARS
      const packed = packs ? await compressed(text) : text
      if (!seal) return `${epoch}:${packs ? 'z' : 'j'}:${packed}`
      return `${epoch}:${packs ? 'sz' : 's'}:${await seal.seal(packed, hash)}`
    },
    /** Undefined for another epoch, another key, another version. Where entries are sealed, plain ones are not believed. */
    async read({ hash, epoch, text }: Written): Promise<{ entry: Entry; chars: number } | undefined> {
      if (!text.startsWith(`${epoch}:`)) return undefined
      const start = epoch.length + 1
      const colon = text.indexOf(':', start)
      const how = text.slice(start, colon)
      if ((how === 's' || how === 'sz') !== (seal !== undefined)) return undefined
      try {
        const sealed = text.slice(colon + 1)
        const packed = seal ? await seal.open(sealed, hash) : sealed
        if (packed === undefined) return undefined
        const json = how.endsWith('z') ? await decompressed(packed) : packed
        const entry = entryOf(json)
        return entry && { entry, chars: json.length }
      } catch {
        return undefined
      }
    },
  }
}

export type Codec = ReturnType<typeof codec>

async function compressed(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
  let binary = ''
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(binary)
}

function decompressed(text: string): Promise<string> {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text()
}
