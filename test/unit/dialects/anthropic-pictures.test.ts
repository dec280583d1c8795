import { describe, expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { fields, list } from '../../../src/dialects/loose-json.ts'
import { vendorOf } from '../survival/told.ts'

const request: ChatRequest = { model: 'm', messages: [{ role: 'user', content: 'Draw a cat' }] }
const picture = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }
const target = (model: string) => ({ model, extraHeaders: {}, params: {} })

/** What Gemini drew, as a client of Anthropic's dialect gets it. */
function drawn(): readonly unknown[] {
  const body = {
    candidates: [{ content: { parts: [{ text: 'See: ' }, picture], role: 'model' }, finishReason: 'STOP', index: 0 }],
  }
  const answer = vendorOf('gemini/gemini-2.5-flash-image').completion(body, { id: 'c', createdSeconds: 1, request })
  return list(fields(anthropic.completion(answer, request)).content)
}

/** The next turn, which repeats it. */
const next = () =>
  anthropic.parse(
    {
      model: 'm',
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'Draw a cat' },
        { role: 'assistant', content: drawn() },
        { role: 'user', content: 'Bigger' },
      ],
    },
    {},
  )

describe("a picture for callers of Anthropic's dialect", () => {
  it('is a text of its own, in Markdown, which every SDK takes', () => {
    expect(drawn()).toEqual([
      { type: 'text', text: 'See: ' },
      { type: 'text', text: '![picture](data:image/png;base64,iVBORw0KGgo=)' },
    ])
  })

  it('is a picture again for who drew it, when it comes back', () => {
    const { body } = vendorOf('gemini/gemini-2.5-flash-image').chat(next(), target('gemini-2.5-flash-image'))
    expect(JSON.parse(body).contents[1]).toEqual({ role: 'model', parts: [{ text: 'See: ' }, picture] })
  })

  it('is read as words by nobody', () => {
    for (const model of ['anthropic/claude-sonnet-4-5', 'openai/gpt-5', 'ollama/qwen3']) {
      const { body } = vendorOf(model).chat(next(), target(model.slice(model.indexOf('/') + 1)))
      expect(body).toContain('See: ')
      expect(body).not.toContain('iVBORw0KGgo=')
    }
  })
})
