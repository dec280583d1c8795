import { type Fields, fields, text } from '../dialects/loose-json.ts'

/** What Google documents for a call that another model made, which therefore nobody signed. */
export const UNSIGNED_CALL = 'skip_thought_signature_validator'

/** The signature that hangs on a call or a part: under LiteLLM's name, or where Google's own OpenAI surface puts it. */
export function signatureOn(carrier: Fields): string | undefined {
  const aside = fields(carrier.provider_specific_fields)
  const google = fields(fields(carrier.extra_content ?? aside.extra_content).google)
  return text(aside.thought_signature) ?? text(google.thought_signature)
}

/**
 * Whether a signature is one of Claude's, which Google would refuse: a message of kind 2 whose first field is a message
 * that begins with a version number, where Google's begins with sealed bytes. A thought does not need its signature, so a
 * wrong guess costs little.
 */
export function isClaudes(signature: string): boolean {
  const bytes = head(signature)
  if (bytes[0] !== 0x12) return false
  const inner = afterLength(bytes, 1)
  return bytes[inner] === 0x0a && bytes[afterLength(bytes, inner + 1)] === 0x08
}

function head(signature: string): Uint8Array {
  const start = signature.slice(0, 24)
  if (start.length < 24 || !/^[\w+/-]+$/.test(start)) return new Uint8Array()
  return Uint8Array.from(atob(start.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
}

/** The place after a protobuf length, whose bytes but the last have their high bit set. */
function afterLength(bytes: Uint8Array, from: number): number {
  let at = from
  while ((bytes[at] ?? 0) >= 0x80) at += 1
  return at + 1
}
