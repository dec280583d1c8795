/** Whether texts under this key are secrets by their nature. */
function namesSecret(key: string): boolean {
  const name = key.toLowerCase().replaceAll('-', '_')
  if (/(key_name|key_header_name|public_key|key_management|key_generat|_key_id_header)/.test(name)) return false
  return (
    /(^|_)(api_?key|key|master_?key|password|passwd|secret|secrets|token|credential|credentials|salt)$/.test(name) ||
    /(secret|password|passwd|access_key|private_key|api_?key|auth_?token|bearer|authorization)/.test(name) ||
    /(^|_)(dsn|database_url|redis_url|webhook|webhook_url)$/.test(name)
  )
}

const shapes = [
  /\b(sk|pk|rk)-[\w-]{8,}/,
  /\bAKIA[0-9A-Z]{12,}/,
  /\bAIza[\w-]{20,}/,
  /\b(ghp|gho|github_pat|xox[abprs]|gsk|hf|glpat)[-_][\w-]{8,}/,
  /\beyJ[\w-]{10,}\.[\w-]{6,}/,
  /\b(Bearer|Basic)\s+\S{6,}/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /"private_key"\s*:/,
  /:\/\/[^/\s:@]*:[^/\s@]+@/,
  /[?&](api_?key|key|token|secret|password|sig|signature|access_token)=[^&\s]{4,}/i,
  /hooks\.slack\.com\/(services|workflows|triggers)\//,
  /discord(app)?\.com\/api\/webhooks\//,
  /webhook\.office\.com\/|\.logic\.azure\.com\/workflows\//,
  /chat\.googleapis\.com\/v1\/spaces\/.*key=/,
]

/** Where a webhook's address is a secret, whatever it looks like: who knows it can post there. */
const webhookPaths = /(^|\.)alert_to_webhook_url(\.|$)/

export function isReference(value: string): boolean {
  return value.startsWith('os.environ/')
}

/** `bearer os.environ/KEY`, as headers have it. */
const SCHEME_AND_REFERENCE = /^\w+ os\.environ\/\w+$/

/** Whether this text, at this path, is a secret written out instead of referred to. */
export function isLiteralSecret(path: readonly PropertyKey[], value: string): boolean {
  if (value === '' || isReference(value) || SCHEME_AND_REFERENCE.test(value)) return false
  const keys = path.filter((key) => typeof key === 'string')
  const key = keys.at(-1) ?? ''
  if (namesSecret(key) || shapes.some((shape) => shape.test(value))) return true
  return webhookPaths.test(keys.join('.')) && /^https?:\/\//.test(value)
}

/** Whether a text may be shown where it was found. In doubt it may not: a secret can stand under the wrong key. */
export function mayBeShown(path: readonly PropertyKey[], value: string): boolean {
  if (isLiteralSecret(path, value)) return false
  const mixed = /[A-Za-z]/.test(value) && /\d/.test(value) && !/[\s/]/.test(value)
  return value.length <= (mixed ? 12 : 24)
}

/** A path as people write it, with keys that look like secrets hidden. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : shownKey(String(part))))
    .join('.')
    .replaceAll('.[', '[')
}

/** A key as it may be shown. */
export function shownKey(key: string): string {
  const plain = /^[\w*/:. -]{1,96}$/.test(key) && !shapes.some((shape) => shape.test(key))
  return plain ? key : '(hidden)'
}

/** Every literal secret of a value, by path only. */
export function literalSecrets(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  if (typeof value === 'string') return isLiteralSecret(path, value) ? [path] : []
  if (Array.isArray(value)) return value.flatMap((inner, index) => literalSecrets(inner, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => literalSecrets(inner, [...path, key]))
}
