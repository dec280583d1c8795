import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '../../../src/dialects/chat.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'

const says = (turns: string): ChatMessage[] =>
  turns.split(' ').map((role, at) => ({
    role: { s: 'system', d: 'developer', u: 'user', a: 'assistant', t: 'tool' }[role]!,
    content: `${role}${at}`,
  }))
const told = (messages: ChatMessage[], fields: object) =>
  openaiChat
    .parse({ model: 'm', messages, ...fields }, {})
    .messages.map(({ role, content }) => `${role}: ${String(content)}`)

describe('turns as a model wants them', () => {
  it('are left alone, the very same, where nobody says anything', () => {
    const body = { model: 'm', messages: says('u u a') }
    expect(openaiChat.parse(body, {})).toBe(body)
  })

  it.each([
    ['u a u', 'u a u'],
    ['s u u', 's u A u'],
    ['u a a u', 'u a U a u'],
    ['s a', 's U a U'],
    ['u a t t a u', 'u a t t a u'],
    ['u s u', 'u s A u'],
  ])('alternate: %s is told as %s', (given, expected) => {
    const words = {
      s: 'system',
      u: 'user',
      a: 'assistant',
      t: 'tool',
      U: 'user: Please continue.',
      A: 'assistant: No.',
    }
    const roles = told(says(given), { ensure_alternating_roles: true, assistant_continue_message: { content: 'No.' } })
    expect(roles.map((turn) => (/Please continue|No\./.test(turn) ? turn : turn.split(':')[0]))).toEqual(
      expected.split(' ').map((word) => words[word as keyof typeof words]),
    )
  })

  it('put what systems say before what the user says, where the model knows no system', () => {
    const body = { model: 'm', messages: says('s d u a s'), supports_system_message: false }
    const parts = (...texts: string[]) => texts.map((text) => ({ type: 'text', text }))
    expect(openaiChat.parse(body, {})).toEqual({
      model: 'm',
      messages: [
        { role: 'user', content: parts('s0', 'd1', 'u2') },
        { role: 'assistant', content: 'a3' },
        { role: 'user', content: parts('s4') },
      ],
    })
  })

  it('are all that the words change: none of them goes further', () => {
    const fields = { supports_system_message: true, ensure_alternating_roles: false, user_continue_message: 'Go on' }
    const body = { model: 'm', messages: says('s u u') }
    expect(openaiChat.parse({ ...body, ...fields }, {})).toEqual(body)
  })
})
