import type { Capability, Deployment } from '../config/config.ts'
import type { Needs } from './needs.ts'

const WORDS: Readonly<Record<Capability, string>> = {
  vision: 'images',
  tools: 'tools',
  jsonSchema: 'answers after a JSON schema',
  audioInput: 'sound as input',
  audioOutput: 'answers as sound',
  pdfInput: 'files',
  reasoning: 'reasoning',
  webSearch: 'searching the web',
}

/**
 * Why a deployment cannot do what a request needs: its window is too small, or it is known not to be able to. What nobody
 * knows counts as possible. Input and the longest answer that is asked for share the window, as vendors count it.
 */
export function lacks(
  { maxInputTokens, maxOutputTokens, supports }: Deployment,
  { inputTokens, outputTokens = 0, capabilities }: Needs,
): { readonly bar: 'context_window' | 'capability'; readonly why: string } | undefined {
  const answer = Math.min(outputTokens, maxOutputTokens ?? outputTokens)
  if (maxInputTokens !== undefined && inputTokens + answer > maxInputTokens) {
    const asked = answer === 0 ? '' : ` and ${answer} of answer`
    return {
      bar: 'context_window',
      why: `about ${inputTokens} tokens of input${asked} do not fit into its window of ${maxInputTokens}`,
    }
  }
  const missing = supports && capabilities.find((one) => supports[one] === false)
  return missing && { bar: 'capability', why: `its model is not made for ${WORDS[missing]}` }
}
