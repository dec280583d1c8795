import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import type { ChatCompletion, ChatRequest, ThinkingBlock } from '../../../src/dialects/chat.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import { type Fields, fields, list } from '../../../src/dialects/loose-json.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { anthropic as claude } from '../../../src/providers/anthropic.ts'
import { bedrock } from '../../../src/providers/bedrock.ts'
import { gemini as google } from '../../../src/providers/gemini.ts'
import type { Target } from '../../../src/providers/provider.ts'

const USER = 'Hi'
/** The next turn as a client of that dialect sends it: what it was answered, as it came. */
const nextTurn: readonly (readonly [Dialect, (answer: Fields) => Fields])[] = [
  [
    openaiChat,
    ({ choices }) => ({
      messages: [{ role: 'user', content: USER }, fields(list(choices)[0]).message, { role: 'user', content: 'More' }],
    }),
  ],
  [
    anthropic,
    ({ content }) => ({
      max_tokens: 9,
      messages: [
        { role: 'user', content: USER },
        { role: 'assistant', content },
        { role: 'user', content: 'More' },
      ],
    }),
  ],
  [
    responses,
    ({ output }) => ({
      input: [{ role: 'user', content: USER }, ...list(output), { role: 'user', content: 'More' }],
    }),
  ],
  [
    gemini,
    ({ candidates }) => ({
      contents: [
        { role: 'user', parts: [{ text: USER }] },
        fields(list(candidates)[0]).content,
        { role: 'user', parts: [{ text: 'More' }] },
      ],
    }),
  ],
]

const request: ChatRequest = { model: 'g', messages: [{ role: 'user', content: USER }] }
const answerOf = (blocks: readonly ThinkingBlock[]): ChatCompletion => ({
  id: 'chatcmpl-1',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Yes.', thinking_blocks: blocks, reasoning_content: 'so' },
      finish_reason: 'stop',
    },
  ],
})

/** What a client's next turn says that the assistant thought, through JSON as on the wire. */
function told(dialect: Dialect, next: (answer: Fields) => Fields, blocks: readonly ThinkingBlock[]) {
  const answer = JSON.parse(JSON.stringify(dialect.completion(answerOf(blocks), request)))
  return dialect.parse({ model: 'g', ...next(answer) }, { model: 'g' })
}

const base64 = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64'))
const signature = fc.oneof(
  base64,
  fc.tuple(fc.stringMatching(/^rs_[a-z0-9]{1,9}$/), base64).map(([id, sealed]) => `openai:${id}:${sealed}`),
)
const block: fc.Arbitrary<ThinkingBlock> = fc.oneof(
  fc.record({ type: fc.constant('thinking' as const), thinking: fc.string({ minLength: 1 }), signature }),
  fc.record({ type: fc.constant('redacted_thinking' as const), data: base64 }),
)

describe('over two turns', () => {
  it.each(nextTurn.map(([dialect, next]) => [dialect.name, dialect, next] as const))(
    '%s brings thoughts and signatures back byte for byte, whoever signed',
    (_, dialect, next) => {
      fc.assert(
        fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), (blocks) => {
          const { messages } = told(dialect, next, blocks)
          const [assistant] = messages.filter(({ role }) => role === 'assistant')
          expect(assistant?.thinking_blocks).toEqual(blocks)
        }),
      )
    },
  )

  it('what OpenAI sealed reaches neither Claude nor Bedrock nor Gemini; what they signed reaches them as it was', () => {
    const target: Target = { model: 'm', apiKey: 'k', extraHeaders: {}, params: {}, aws: { region: 'us-east-1' } }
    const own = 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h'
    for (const [dialect, next] of nextTurn) {
      const blocks: ThinkingBlock[] = [
        { type: 'thinking', thinking: 'sealed thought', signature: 'openai:rs_1:AAAA' },
        { type: 'thinking', thinking: 'signed thought', signature: own },
      ]
      const asked = told(dialect, next, blocks)
      for (const [vendor, model] of [
        [claude, 'claude-opus-4-5'],
        [bedrock, 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
      ] as const) {
        const { body } = vendor.chat({ ...asked, max_tokens: 9 }, { ...target, model })
        expect(body).not.toContain('openai:')
        expect(body).toContain(own)
      }
      const sent = google.chat(asked, { ...target, model: 'gemini-2.5-pro' })
      expect(sent.body).not.toMatch(/openai:|c2lnbmF0dXJlOm9wZW5haTo/)
      expect(sent.body).toContain('sealed thought')
    }
  })
})
