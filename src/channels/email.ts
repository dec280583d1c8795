import type { Post } from './post.ts'

export interface Mail {
  readonly from: string
  /** Addresses, separated by commas. */
  readonly to: string
  readonly subject: string
  readonly text: string
}

const RESEND = 'https://api.resend.com/emails'
const SENDGRID = 'https://api.sendgrid.com/v3/mail/send'

const addresses = (to: string) =>
  to
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

const headersOf = (apiKey: string) => ({ authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' })

/** A mail through Resend (https://resend.com/docs/api-reference/emails/send-email); the same `id` is sent once. */
export function resendPost(apiKey: string, { from, to, subject, text }: Mail, id: string, url = RESEND): Post {
  const headers = { ...headersOf(apiKey), 'idempotency-key': id.slice(0, 256) }
  return { url, headers, body: JSON.stringify({ from, to: addresses(to), subject, text }) }
}

/** A mail through SendGrid (https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send). */
export function sendgridPost(apiKey: string, { from, to, subject, text }: Mail, url = SENDGRID): Post {
  const body = {
    personalizations: [{ to: addresses(to).map((email) => ({ email })) }],
    from: { email: from },
    subject,
    content: [{ type: 'text/plain', value: text }],
  }
  return { url, headers: headersOf(apiKey), body: JSON.stringify(body) }
}
