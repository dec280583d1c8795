import { describe, expect, it } from 'vitest'
import type { ThinkingBlock } from '../../../src/dialects/chat.ts'
import type { Fields } from '../../../src/dialects/loose-json.ts'
import { CLAUDES } from '../../support/vendors/anthropic.ts'
import { GOOGLES } from '../../support/vendors/gemini.ts'
import { type DialectName, type Family, families } from './families.ts'
import { dialects, sent } from './sent.ts'

// What a vendor signed comes back to it through every dialect as it was, and goes to nobody else; the thought itself goes
// to whoever reads thoughts.

/** As their references and answers show them. */
const signatures = {
  anthropic: [CLAUDES, 'EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds'],
  google: [GOOGLES, 'EqQCCqECAdHtim9mZb3Jq0rG5h7LkP9wXyZ1aBcDeFgHiJkLmNoPqRsT'],
  openai: ['openai:rs_1:gAAAAABpZb3Jq0rG5h7LkP9wXyZ1aBcDeFgHiJkLmNoPqRsT=='],
} as const
type Maker = keyof typeof signatures

const makers: Readonly<Partial<Record<Family, Maker>>> = {
  anthropic: 'anthropic',
  vertex_claude: 'anthropic',
  bedrock: 'anthropic',
  openrouter: 'anthropic',
  gemini: 'google',
  vertex_ai: 'google',
  responses: 'openai',
}

const WORDS = 'It rains in Bonn.'

/** The second turn, as a client of the dialect sends back what it was answered. */
function secondTurn(name: DialectName, block: ThinkingBlock): object {
  const message = {
    role: 'assistant' as const,
    content: 'Yes.',
    thinking_blocks: [block],
    ...(block.type === 'thinking' && { reasoning_content: block.thinking }),
  }
  const answer = { id: 'chatcmpl-1', created: 1, model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] }
  const request = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }
  const said = JSON.parse(JSON.stringify(dialects[name].completion(answer as never, request)))
  if (name === 'openai') return { messages: [...request.messages, said.choices[0].message, ...request.messages] }
  if (name === 'responses') return { input: [...request.messages, ...said.output, ...request.messages] }
  if (name === 'anthropic')
    return { messages: [...request.messages, { role: 'assistant', content: said.content }, ...request.messages] }
  const user = { role: 'user', parts: [{ text: 'Hi' }] }
  return { contents: [user, said.candidates[0].content, user] }
}

const cells = (Object.keys(signatures) as Maker[]).flatMap((maker) =>
  signatures[maker].flatMap((signature) =>
    (Object.keys(dialects) as DialectName[]).flatMap((dialect) =>
      families.map((family) => [maker, dialect, family, signature] as const),
    ),
  ),
)
/** OpenAI's own mark of whose id it was stays here. */
const bare = (signature: string) => signature.replace(/^openai:rs_1:/, '')

describe('what was signed', () => {
  it.each(cells)(
    'by %s, kept by a client of %s, reaches %s only if it is its own',
    (maker, dialect, family, signature) => {
      const body = JSON.stringify(
        sent(dialect, family, secondTurn(dialect, { type: 'thinking', thinking: WORDS, signature })),
      )
      const wrapped = btoa(`signature:${signature}`)
      if (makers[family] === maker) expect(body).toContain(bare(signature))
      else {
        expect(body).not.toContain(bare(signature))
        expect(body).not.toContain(wrapped)
      }
    },
  )
})

const SEALED = 'EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5L8rLVyIwxtE3rAFBa8cr3qpP'

describe('a thought that Claude sealed whole', () => {
  it.each(
    (Object.keys(dialects) as DialectName[]).flatMap((dialect) => families.map((family) => [dialect, family] as const)),
  )('kept by a client of %s, reaches %s only if it is a Claude', (dialect, family) => {
    const body = sent(dialect, family, secondTurn(dialect, { type: 'redacted_thinking', data: SEALED }))
    const holds = JSON.stringify(body satisfies Fields).includes(SEALED)
    expect(holds, JSON.stringify(body)).toBe(makers[family] === 'anthropic')
  })
})

describe('a call that Gemini signed', () => {
  const [signature] = signatures.google
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'weather', arguments: '{}' },
    provider_specific_fields: { thought_signature: signature },
  }
  const calling = (name: DialectName): object => {
    const message = { role: 'assistant' as const, content: null, tool_calls: [call] }
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' as const }]
    const request = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }
    const said = JSON.parse(
      JSON.stringify(dialects[name].completion({ id: 'chatcmpl-1', created: 1, model: 'm', choices }, request)),
    )
    const [user] = request.messages
    if (name === 'openai')
      return { messages: [user, said.choices[0].message, { role: 'tool', tool_call_id: 'call_1', content: 'Sunny' }] }
    if (name === 'responses')
      return { input: [user, ...said.output, { type: 'function_call_output', call_id: 'call_1', output: 'Sunny' }] }
    const result = { type: 'tool_result', tool_use_id: 'call_1', content: 'Sunny' }
    if (name === 'anthropic')
      return { messages: [user, { role: 'assistant', content: said.content }, { role: 'user', content: [result] }] }
    const functionResponse = { id: 'call_1', name: 'weather', response: { output: 'Sunny' } }
    const turn = { role: 'user', parts: [{ text: 'Hi' }] }
    return { contents: [turn, said.candidates[0].content, { role: 'user', parts: [{ functionResponse }] }] }
  }

  it.each(
    (Object.keys(dialects) as DialectName[]).flatMap((dialect) => families.map((family) => [dialect, family] as const)),
  )('kept by a client of %s, reaches %s only if it is a Gemini', (dialect, family) => {
    const body = JSON.stringify(sent(dialect, family, calling(dialect)))
    if (makers[family] === 'google') expect(body).toContain(`"thoughtSignature":"${signature}"`)
    else expect(body).not.toContain(signature)
  })
})
