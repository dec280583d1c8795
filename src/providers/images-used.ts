import type { Usage } from '../prices/usage.ts'

type Fields = Readonly<Record<string, unknown>>
type Pictures = Pick<Usage, 'images' | 'imageKind' | 'pixels'>

/** What `auto` comes to at the most. */
const WIDEST = 1536 * 1024
const USUAL_SIDE = 1024

/**
 * Pictures as they are priced, by what was asked for: `hd/1792x1024`. What is not said is what OpenAI takes then; vendors
 * of open models read `width` and `height` in the place of a size, so the larger of the two counts.
 */
export function imagesUsed({ quality, size, width, height }: Fields, count: number): Pictures {
  const asked = said(size, '1024x1024')
  return {
    images: count,
    imageKind: `${said(quality, 'standard')}/${asked}`,
    pixels: count * Math.max(pixelsOf(size === 'auto' ? 'auto' : asked), drawnOf(width, height)),
  }
}

function drawnOf(width: unknown, height: unknown): number {
  if (width === undefined && height === undefined) return 0
  return sideOf(width) * sideOf(height)
}

/** What is no number its vendor refuses, or takes its own for. */
function sideOf(given: unknown): number {
  const side = Math.ceil(Number(given))
  return side > 0 && side < 100_000 ? side : USUAL_SIDE
}

function said(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' && value !== 'auto' ? value : otherwise
}

function pixelsOf(size: string): number {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(size) ?? []
  return width === undefined ? WIDEST : Number(width) * Number(height)
}

export const PICTURE = {
  /** How long the answer of a Gemini that draws may be: a picture is at most 2520 tokens, its thoughts are beside it. */
  answerTokens(model: string): number | undefined {
    if (!/^(models\/)?gemini-/.test(model)) return undefined
    return /gemini-2/.test(model) ? 4_096 : 8_192
  },
}
