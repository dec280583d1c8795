import { describe, expect, it } from 'vitest'
import { openaiEmbeddingsBody, printEmbeddedContent } from '../../../src/dialects/gemini-embeddings.ts'

const content = (...texts: string[]) => ({ parts: texts.map((text) => ({ text })) })

describe("Gemini's embeddings", () => {
  it('ask as OpenAI’s do: one content, or several that are embedded alike', () => {
    expect(openaiEmbeddingsBody({ content: content('a', 'b'), outputDimensionality: 8 }, 'embedContent', 'm')).toEqual({
      model: 'm',
      input: ['a\nb'],
      dimensions: 8,
    })
    const requests = ['a', 'b'].map((text) => ({ model: 'models/m', content: content(text), taskType: 'CLUSTERING' }))
    expect(openaiEmbeddingsBody({ requests }, 'batchEmbedContents', 'm')).toEqual({
      model: 'm',
      input: ['a', 'b'],
      taskType: 'CLUSTERING',
    })
    expect(() =>
      openaiEmbeddingsBody({ requests: [...requests, { content: content('c') }] }, 'batchEmbedContents', 'm'),
    ).toThrow('same taskType')
    expect(() => openaiEmbeddingsBody({ content: 'a' }, 'embedContent', 'm')).toThrow('content')
  })

  it('are told as Gemini tells them', () => {
    const answer = { data: [{ embedding: [1, 2] }, { embedding: [3, 4] }] }
    expect(printEmbeddedContent(answer, 'batchEmbedContents')).toEqual({
      embeddings: [{ values: [1, 2] }, { values: [3, 4] }],
    })
    expect(printEmbeddedContent(answer, 'embedContent')).toEqual({ embedding: { values: [1, 2] } })
  })
})
