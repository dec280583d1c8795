/** `1024x1536` as numbers; nothing for anything else. */
export function sizeOf(size: unknown): { readonly width?: number; readonly height?: number } {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(String(size)) ?? []
  return width === undefined ? {} : { width: Number(width), height: Number(height) }
}

/** Of the shapes that a vendor has, the nearest to a size. */
export function nearestRatio(size: unknown, ratios: readonly string[]): string | undefined {
  const { width, height } = sizeOf(size)
  if (width === undefined || height === undefined) return undefined
  const wanted = Math.log(width / height)
  const off = (ratio: string) => {
    const [w, h] = ratio.split(':').map(Number)
    return Math.abs(Math.log((w ?? 1) / (h ?? 1)) - wanted)
  }
  return ratios.reduce((best, ratio) => (off(ratio) < off(best) ? ratio : best))
}
