import type { Block } from './anthropic-parts.ts'
import { type Fields, fields, text } from './loose-json.ts'

type PictureBlock = Block & { readonly text: string }

const ALONE = /^!\[picture\]\((data:image\/[\w.+-]+;base64,[\w+/=-]+)\)$/

/**
 * A picture that a model made, for callers whose answers know no pictures: Markdown in a text of its own, because
 * Anthropic's SDKs and those that check what they get (`ai`) accept no block of another type.
 */
export function pictureBlock(image: unknown): PictureBlock[] {
  const url = text(fields(fields(image).image_url).url)
  return url === undefined ? [] : [{ type: 'text', text: `![picture](${url})` }]
}

/** The picture that such a text is, when it comes back with the next turn: no vendor should read it as words. */
export function pictureIn({ type, text: words }: Fields): Fields | undefined {
  const url = type === 'text' && typeof words === 'string' ? ALONE.exec(words)?.[1] : undefined
  return url === undefined ? undefined : { type: 'image_url', image_url: { url } }
}
