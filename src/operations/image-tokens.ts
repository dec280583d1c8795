interface ImageTokens {
  readonly match: RegExp
  readonly most: number
  /** With `detail: low`, where the vendor documents less. */
  readonly low?: number
}

/**
 * The most tokens one picture can be, by OpenAI's vision guide. Tiled models scale a picture into 2048 × 2048 with a short
 * side of 768, which is at most eight tiles beside the base; the others count patches of 32 × 32 up to a cap, times a factor.
 */
const FAMILIES: readonly ImageTokens[] = [
  { match: /^gpt-4o-mini/, most: 2833 + 8 * 5667, low: 2833 },
  { match: /^gpt-4\.1-(mini|nano)|^o4-mini|^gpt-5-(mini|nano)/, most: Math.ceil(1536 * 2.46) },
  { match: /^(chat)?gpt-4/, most: 85 + 8 * 170, low: 85 },
  { match: /^o[13]/, most: 75 + 8 * 150, low: 75 },
  { match: /^gpt-5(-chat-latest)?(-\d{4}-\d{2}-\d{2})?$/, most: 70 + 8 * 140, low: 70 },
  { match: /^gpt-(5|6)/, most: Math.ceil(10_000 * 2.46) },
]

/** For models that nobody documents here: the dearest of those that are. */
const UNKNOWN = 2833 + 8 * 5667

export function mostImageTokens(model: string, detail: unknown): number {
  const family = FAMILIES.find(({ match }) => match.test(model))
  if (family === undefined) return UNKNOWN
  return detail === 'low' ? (family.low ?? family.most) : family.most
}
