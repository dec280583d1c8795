import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { ears } from './heard.ts'
import { refusals } from './refusals.ts'
import { vendorOf } from './told.ts'

// What vendors document that they refuse with, as callers of every dialect get it, whole and inside a stream.

const KEY = 'sk-proj-abcdefghijklmnop1234'

describe.each(Object.entries(refusals))('a refusal of %s', (model, cases) => {
  const rows = cases.map(([status, body, kind, told = {}]) => {
    return { status, text: typeof body === 'string' ? body : JSON.stringify(body), kind, told }
  })

  it.each(rows)('$status $text is $kind', ({ status, text, kind, told }) => {
    const failure = vendorOf(model).failure(status, new Headers(), text)
    expect(failure).toMatchObject({ kind, ...(told.status && { status: told.status }) })
    expect(failure.retryAfterMs).toBe(told.retryAfterMs)
    expect(failure.message).toMatch(told.says ?? /\S/)
    expect(failure.message).not.toContain('<html')
  })

  it.each(Object.keys(ears))('reaches callers of %s with its words, and with no key in them', (ear) => {
    const { dialect } = ears[ear]!
    for (const { status, text } of rows.filter((row) => row.text.startsWith('{'))) {
      const quoting = text.replace(/("(?:message|Message|error)":")/, `$1Given ${KEY}. `)
      const { kind, message, ...details } = vendorOf(model).failure(status, new Headers(), quoting)
      const error = new GatewayError(kind, message, details)
      const shown = [
        JSON.stringify(dialect.errorBody(error, 'req')),
        new TextDecoder().decode(dialect.errorEvent(error, 'req')),
      ]
      for (const one of shown) {
        expect(one).toContain(JSON.stringify(message).slice(1, -1))
        expect(one).not.toContain('abcdefghijklmnop')
      }
    }
  })
})
