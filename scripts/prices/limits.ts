import { ownName } from './own-name.ts'

export interface ModelLimits {
  readonly match: RegExp
  /** The whole context window: input and output share it. */
  readonly maxInputTokens: number
  readonly maxOutputTokens: number
}

/** Day on which the table below was last compared with the vendors' model pages. */
export const limitsDate = '2026-11-22'

const date = String.raw`(?:-\d{4}-\d{2}-\d{2})?`

function row(models: string, maxInputTokens: number, maxOutputTokens: number): ModelLimits {
  return { match: new RegExp(`^(?:${models})$`), maxInputTokens, maxOutputTokens }
}

/**
 * How much one answer may be, by the vendors' public model pages; the price data does not say. The first row that matches
 * holds, so what is special stands before its family. A model that is not here has no known maximum.
 */
export const limits: Readonly<Record<string, readonly ModelLimits[]>> = {
  openai: [
    row(`gpt-6(?:\\.\\d)?-(?:astra|sol|luna|terra)${date}`, 1_050_000, 128_000),
    row(`gpt-5\\.6(?:-(?:sol|terra|luna))?${date}`, 1_050_000, 128_000),
    row(`gpt-5\\.[45](?:-pro)?${date}`, 1_050_000, 128_000),
    row(`gpt-5\\.\\d+-(?:mini|nano)${date}`, 400_000, 128_000),
    row('gpt-5(?:\\.[123])?-chat(?:-latest)?', 128_000, 16_384),
    row(`gpt-5-pro${date}`, 400_000, 272_000),
    row(`gpt-5(?:\\.[123])?(?:-(?:mini|nano|pro|codex|codex-mini|codex-max))?${date}`, 400_000, 128_000),
    row(`gpt-4\\.1(?:-mini|-nano)?${date}`, 1_047_576, 32_768),
    row('gpt-4o-2024-05-13', 128_000, 4_096),
    row(`gpt-4o(?:-mini)?(?:-audio-preview|-search-preview)?${date}`, 128_000, 16_384),
    row(`gpt-audio(?:-mini|-1\\.5)?${date}`, 128_000, 16_384),
    row('chatgpt-4o-latest', 128_000, 16_384),
    row(`gpt-4\\.5-preview${date}`, 128_000, 16_384),
    row('gpt-4-(?:turbo.*|0125-preview|1106-preview|1106-vision-preview|vision-preview)', 128_000, 4_096),
    row('gpt-4(?:-0314|-0613)?', 8_192, 8_192),
    row('gpt-4-32k(?:-0314|-0613)?', 32_768, 32_768),
    row('gpt-3\\.5-turbo(?:-0125|-1106|-16k.*)?', 16_385, 4_096),
    row(`o1-mini${date}`, 128_000, 65_536),
    row(`o1-preview${date}`, 128_000, 32_768),
    row(`o[134](?:-mini|-pro)?${date}`, 200_000, 100_000),
    row(`o[34](?:-mini)?-deep-research${date}`, 200_000, 100_000),
  ],
  anthropic: [
    row('claude-3-haiku.*|claude-3-opus.*|claude-3-sonnet.*', 200_000, 4_096),
    row('claude-3-5-.*', 200_000, 8_192),
    row('claude-3-7-sonnet.*', 200_000, 128_000),
    row('claude-opus-4-(?:0|1|20250514).*', 200_000, 32_000),
    row('claude-(?:opus|sonnet|haiku)-4-5.*', 1_000_000, 64_000),
    row('claude-sonnet-4-(?:0|20250514).*', 1_000_000, 64_000),
  ],
  google: [
    row('gemini-(?:1\\.5|2\\.0)-.*', 2_097_152, 8_192),
    row('gemini-(?:2\\.5|3(?:\\.\\d)?)-(?:pro|flash).*', 1_048_576, 65_536),
  ],
  groq: [
    row('llama-3\\.3-70b-versatile', 131_072, 32_768),
    row('llama-3\\.1-8b-instant', 131_072, 131_072),
    row('openai/gpt-oss-(?:20b|120b)', 131_072, 65_536),
  ],
}

export function limitsOf(vendor: string, model: string): ModelLimits | undefined {
  return limits[vendor]?.find(({ match }) => match.test(model))
}

/** Who makes the models that clouds and brokers serve beside their own. */
const makers: Readonly<Record<string, readonly string[]>> = {
  azure: ['openai', 'anthropic'],
  aws: ['anthropic'],
  google: ['anthropic'],
  openrouter: ['openai', 'anthropic', 'google'],
}

/** How long an answer may be, by the vendor's own page, else by the maker's: an answer is nowhere longer than there. */
export function longestAnswer(vendor: string, model: string): number | undefined {
  const made = (makers[vendor] ?? []).flatMap((maker) => limitsOf(maker, ownName(model)) ?? [])
  return (limitsOf(vendor, model) ?? made[0])?.maxOutputTokens
}
