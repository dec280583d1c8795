/** No long repetition is followed by anything: vendors quote what callers chose, and a search must not take its square. */
const SECRETS = [
  /\b(?:sk|pk|rk|gsk|xai|hf|fw|r8|csk|nvapi|pplx|sess)[-_][\w*…-]{8,}/g,
  /\bAIza[\w-]{10,}/g,
  /\beyJ[\w-]{5,}(?:\.[\w-]+){0,2}/g,
  /(?<=\bBearer\s{1,8})[^\s"',]+/gi,
]

/** A vendor's sentence without the keys that vendors like to quote in it. */
export function maskSecrets(text: string): string {
  return SECRETS.reduce((masked, pattern) => masked.replace(pattern, (found) => `${found.slice(0, 3)}***`), text)
}
