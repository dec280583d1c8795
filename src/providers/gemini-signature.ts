import { type Fields, fields, text } from '../dialects/loose-json.ts'

/** What Google documents for a call that another model made, which therefore nobody signed. */
export const UNSIGNED_CALL = 'skip_thought_signature_validator'

/** The signature that hangs on a call or a part: under LiteLLM's name, or where Google's own OpenAI surface puts it. */
export function signatureOn(carrier: Fields): string | undefined {
  const aside = fields(carrier.provider_specific_fields)
  const google = fields(fields(carrier.extra_content ?? aside.extra_content).google)
  return text(aside.thought_signature) ?? text(google.thought_signature)
}
