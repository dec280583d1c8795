const SECRETS = [
  /\b(?:sk|pk|rk|gsk|xai|hf|fw|r8|csk|nvapi|pplx|sess)[-_][\w*…-]{8,}/g,
  /\bAIza[\w-]{10,}/g,
  /\beyJ[\w-]{5,}(?:\.[\w-]+){1,2}/g,
  /(?<=\bBearer\s+)[^\s"',]+/gi,
]

/** A vendor's sentence without the keys that vendors like to quote in it. */
export function maskSecrets(text: string): string {
  return SECRETS.reduce((masked, pattern) => masked.replace(pattern, (found) => `${found.slice(0, 3)}***`), text)
}
