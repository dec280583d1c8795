import { data, type VendorAnswer } from './answer.ts'

const counted = { input: 22, output: 20 }
const usageMetadata = { promptTokenCount: 22, candidatesTokenCount: 20, totalTokenCount: 42 }
const answer = (parts: readonly object[], candidate: object = {}, rest: object = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, finishReason: 'STOP', index: 0, ...candidate }],
  usageMetadata,
  modelVersion: 'gemini-2.5-flash',
  responseId: 'mT9vaPm3Oc',
  ...rest,
})
/** In a stream every event is an answer; only the last says how it ended. */
const piece = (parts: readonly object[], candidate: object = {}, rest: object = {}) =>
  data(
    answer(
      parts,
      { finishReason: undefined, ...candidate },
      { usageMetadata: { promptTokenCount: 22, totalTokenCount: 22 }, ...rest },
    ),
  )
const last = (parts: readonly object[], candidate: object = {}, rest: object = {}) =>
  data(answer(parts, candidate, rest))
const model = 'gemini/gemini-2.5-flash'

const grounded = {
  groundingMetadata: {
    searchEntryPoint: { renderedContent: '<div></div>' },
    groundingChunks: [{ web: { uri: 'https://x.test/euro', title: 'euro' } }],
    groundingSupports: [
      {
        segment: { startIndex: 0, endIndex: 10, text: 'Spain won.' },
        groundingChunkIndices: [0],
        confidenceScores: [0.9],
      },
    ],
    webSearchQueries: ['who won euro 2024'],
  },
}
const code = { executableCode: { language: 'PYTHON', code: 'print(2+2)' } }
const ran = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '4\n' } }
const call = (name: string, args?: object) => ({ functionCall: { name, ...(args && { args }) } })

/** ai.google.dev: generateContent, grounding, code execution, thinking and thought signatures. */
export const googleAnswers: readonly VendorAnswer[] = [
  {
    model,
    what: 'words that a search supports',
    whole: answer([{ text: 'Spain won.' }], grounded),
    stream: [piece([{ text: 'Spain ' }]), piece([{ text: 'won.' }]), last([{ text: '' }], grounded)],
    heard: { text: 'Spain won.', urls: ['https://x.test/euro'], ...counted },
  },
  {
    model,
    what: 'words from a source that is named',
    whole: answer([{ text: 'To be' }], {
      citationMetadata: {
        citationSources: [{ startIndex: 0, endIndex: 5, uri: 'https://x.test/hamlet', license: '' }],
      },
    }),
    heard: { text: 'To be', urls: ['https://x.test/hamlet'], ...counted },
  },
  {
    model,
    what: 'code that ran',
    whole: answer([{ text: 'Let me see. ' }, code, ran, { text: 'It is 4.' }]),
    stream: [piece([{ text: 'Let me see. ' }]), piece([code]), piece([ran]), last([{ text: 'It is 4.' }])],
    heard: { text: 'Let me see. It is 4.', ...counted },
  },
  {
    model,
    what: 'a thought, and a signature on a part without words',
    whole: answer(
      [{ text: 'Hm.', thought: true }, { text: 'Four' }, { text: '', thoughtSignature: 'CuQBAVSoXO4=' }],
      {},
      {
        usageMetadata: { promptTokenCount: 22, candidatesTokenCount: 12, thoughtsTokenCount: 8, totalTokenCount: 42 },
      },
    ),
    stream: [
      piece([{ text: 'Hm', thought: true }]),
      piece([{ text: '.', thought: true }]),
      piece([{ text: 'Four' }]),
      last(
        [{ text: '', thoughtSignature: 'CuQBAVSoXO4=' }],
        {},
        {
          usageMetadata: { promptTokenCount: 22, candidatesTokenCount: 12, thoughtsTokenCount: 8, totalTokenCount: 42 },
        },
      ),
    ],
    heard: { thought: 'Hm.', text: 'Four', ...counted },
  },
  {
    model,
    what: 'calls side by side, the first one signed, the second without arguments, ending as a turn',
    whole: answer([{ ...call('weather', { city: 'Bonn' }), thoughtSignature: 'CqYBAd==' }, call('clock')]),
    stream: [
      piece([{ ...call('weather', { city: 'Bonn' }), thoughtSignature: 'CqYBAd==' }]),
      piece([call('clock')]),
      last([{ text: '' }]),
    ],
    heard: {
      calls: [
        ['weather', { city: 'Bonn' }],
        ['clock', {}],
      ],
      ended: 'calls',
      ...counted,
    },
  },
  {
    model,
    what: 'a prompt that was blocked',
    whole: {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT', blockReasonMessage: 'Not this.' },
      usageMetadata: { promptTokenCount: 22, totalTokenCount: 22 },
    },
    stream: [
      data({
        promptFeedback: { blockReason: 'PROHIBITED_CONTENT', blockReasonMessage: 'Not this.' },
        usageMetadata: { promptTokenCount: 22, totalTokenCount: 22 },
      }),
    ],
    heard: { text: 'Not this.', ended: 'filter', input: 22 },
  },
  {
    model,
    what: 'an answer that was stopped for its safety',
    whole: answer([{ text: 'To make' }], {
      finishReason: 'SAFETY',
      safetyRatings: [{ category: 'HARM_CATEGORY_DANGEROUS_CONTENT', probability: 'HIGH', blocked: true }],
    }),
    stream: [piece([{ text: 'To make' }]), last([], { finishReason: 'SAFETY' })],
    heard: { text: 'To make', ended: 'filter', ...counted },
  },
  {
    model,
    what: 'nothing but thoughts before its length was reached',
    whole: {
      candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS', index: 0 }],
      usageMetadata: { promptTokenCount: 22, thoughtsTokenCount: 20, totalTokenCount: 42 },
    },
    stream: [
      data({
        candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS', index: 0 }],
        usageMetadata: { promptTokenCount: 22, thoughtsTokenCount: 20, totalTokenCount: 42 },
      }),
    ],
    heard: { ended: 'length', ...counted },
  },
  {
    model,
    what: 'words, a picture and words',
    whole: answer([
      { text: 'See: ' },
      { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
      { text: 'a cat.' },
    ]),
    stream: [
      piece([{ text: 'See: ' }]),
      piece([{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }]),
      last([{ text: 'a cat.' }]),
    ],
    heard: { text: 'See: a cat.', pictures: ['iVBORw0KGgo='], ...counted },
  },
]
