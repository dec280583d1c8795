import { describe, expect, it } from 'vitest'
import { ownTurns } from '../../../src/providers/anthropic-own-turns.ts'
import { ownContents } from '../../../src/providers/gemini-own-turns.ts'
import { CLAUDES } from '../../support/vendors/anthropic.ts'
import { GOOGLES } from '../../support/vendors/gemini.ts'

const use = { type: 'tool_use', id: 't', name: 'f', input: {} }
const thinking = { type: 'enabled', budget_tokens: 2000 }
const claudes = (...content: object[]) => ({
  thinking,
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'done' }] },
  ],
})

describe("a conversation in Anthropic's words", () => {
  it('stays the very same where Claude answered it', () => {
    const body = claudes({ type: 'thinking', thinking: 'hm', signature: CLAUDES }, use)
    expect(ownTurns(body)).toBe(body)
  })

  it.each([[''], ['openai:rs_1:gAAAA']])('loses a thought signed %j, and goes on without thinking', (signature) => {
    const signed = { ...use, provider_specific_fields: { thought_signature: 's' } }
    const { thinking: _, ...rest } = claudes(use)
    expect(ownTurns(claudes({ type: 'thinking', thinking: 'hm', signature }, signed))).toEqual(rest)
  })
})

describe("a conversation in Google's words", () => {
  const call = { functionCall: { name: 'f', args: {} } }
  const googles = (...parts: object[]) => ({ contents: [{ role: 'model', parts }] })
  const third = 'gemini-3-pro-preview'

  it('stays the very same where Google signed it, however it was streamed', () => {
    const body = googles({ text: 'hm', thought: true }, { ...call, thoughtSignature: GOOGLES }, call)
    expect(ownContents(body, third)).toBe(body)
    const several = { contents: [...body.contents, { role: 'model', parts: [call] }] }
    expect(ownContents(several, third)).toBe(several)
  })

  it('loses what others signed, and a call says that nobody signed it where one must', () => {
    const body = googles({ text: 'hm', thought: true, thoughtSignature: CLAUDES }, call)
    const unsigned = { ...call, thoughtSignature: 'skip_thought_signature_validator' }
    expect(ownContents(body, third)).toEqual(googles({ text: 'hm', thought: true }, unsigned))
    expect(ownContents(body, 'gemini-2.5-flash')).toEqual(googles({ text: 'hm', thought: true }, call))
  })
})
