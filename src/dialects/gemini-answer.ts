import { completionTokens, promptTokens, totalTokens, type Usage } from '../prices/usage.ts'
import type { ChatCompletion, FinishReason, ThinkingBlock } from './chat.ts'
import { sealedSignature, signatureAsBase64 } from './gemini-signature.ts'
import { type Fields, fields, isFields, list, number, parsed, present, text } from './loose-json.ts'

/** Canonical chat as an answer of `generateContent`. */
export function printGenerate(answer: ChatCompletion): Fields {
  const feedback = fields(answer.choices[0]?.message.provider_specific_fields).prompt_feedback
  return {
    ...(isFields(feedback)
      ? { promptFeedback: feedback }
      : {
          candidates: answer.choices.map(({ index, message, finish_reason, logprobs }) => ({
            content: {
              role: 'model',
              parts: [...saidParts(message), ...list(message.tool_calls).map(fields).map(callPart)],
            },
            finishReason: finishReasonOf(finish_reason, message),
            index,
            ...beside(message, finish_reason),
            ...logprobsResult(logprobs),
          })),
        }),
    ...(answer.usage && { usageMetadata: usageMetadata(answer.usage, answer.service_tier) }),
    modelVersion: answer.model,
    responseId: answer.id,
  }
}

/** What a message or a delta says beside its calls. */
export function saidParts(message: object): Fields[] {
  const { content, refusal, reasoning_content, thinking_blocks, images, audio, provider_specific_fields }: Fields = {
    ...message,
  }
  const aside = fields(provider_specific_fields)
  const signatures = list(aside.thought_signatures).filter((one) => text(one) !== undefined)
  const blocks = list(thinking_blocks).map(fields).flatMap(thoughtPart)
  const reasoning = text(reasoning_content)
  const words = text(content) ?? (aside.prompt_feedback === undefined ? text(refusal) : undefined)
  const said = words === undefined && signatures.length === 0 ? [] : [{ text: words ?? '' }]
  return [
    ...(blocks.length > 0 || reasoning === undefined ? blocks : [{ text: reasoning, thought: true }]),
    ...list(aside.gemini_parts).filter(isFields),
    ...signatures.slice(0, -1).map((signature) => ({ text: '', thoughtSignature: signature })),
    ...said.map((part) => ({ ...part, ...present({ thoughtSignature: signatures.at(-1) }) })),
    ...list(images).map(fields).flatMap(imagePart),
    ...(isFields(audio) ? soundPart(audio, words === undefined) : []),
  ]
}

function thoughtPart(block: Fields | ThinkingBlock): Fields[] {
  const { type, thinking, signature, data }: Fields = { ...block }
  if (type === 'redacted_thinking')
    return [{ text: '', thought: true, thoughtSignature: sealedSignature(String(data)) }]
  return [
    {
      text: typeof thinking === 'string' ? thinking : '',
      thought: true,
      ...present({ thoughtSignature: signature === undefined ? undefined : signatureAsBase64(String(signature)) }),
    },
  ]
}

function imagePart(image: Fields): Fields[] {
  const { url } = fields(image.image_url)
  const thoughtSignature = text(fields(image.provider_specific_fields).thought_signature)
  if (typeof url !== 'string') return []
  const [, mimeType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? []
  const made = mimeType === undefined ? { fileData: { fileUri: url } } : { inlineData: { mimeType, data } }
  return [{ ...made, ...present({ thoughtSignature }) }]
}

function soundPart({ data, transcript, mime_type }: Fields, showTranscript: boolean): Fields[] {
  const words = showTranscript ? text(transcript) : undefined
  const mimeType = text(mime_type) ?? 'audio/wav'
  return [
    ...(words === undefined ? [] : [{ text: words }]),
    ...(text(data) === undefined ? [] : [{ inlineData: { mimeType, data } }]),
  ]
}

/** A call whose arguments are no JSON object is shown as it was written, under one name. */
export function callPart(call: Fields): Fields {
  const written = fields(call.function)
  const words = text(written.arguments) ?? '{}'
  const args = call.type === 'custom' ? { input: words } : parsed(words)
  return {
    functionCall: {
      ...present({ id: text(call.id) }),
      name: written.name ?? '',
      args: isFields(args) ? args : { input: words },
    },
    ...present({ thoughtSignature: text(fields(call.provider_specific_fields).thought_signature) }),
  }
}

/** Google's own word where it was Google who answered. */
export function finishReasonOf(reason: FinishReason, message: object): string {
  const { provider_specific_fields, refusal }: Fields = { ...message }
  const own = text(fields(provider_specific_fields).native_finish_reason)
  if (own !== undefined) return own
  if (reason === 'length') return 'MAX_TOKENS'
  return reason === 'content_filter' || text(refusal) !== undefined ? 'SAFETY' : 'STOP'
}

/** Sources, ratings and what else Google hangs on a candidate; other vendors' citations in Google's shape. */
export function beside(message: object, reason?: FinishReason): Fields {
  const { provider_specific_fields, annotations, content, refusal }: Fields = { ...message }
  const aside = fields(provider_specific_fields)
  return present({
    finishMessage: aside.finish_message ?? (reason === 'content_filter' ? text(refusal) : undefined),
    groundingMetadata: aside.grounding_metadata ?? groundingOf(list(annotations), text(content) ?? ''),
    citationMetadata: aside.citation_metadata,
    urlContextMetadata: aside.url_context_metadata,
    safetyRatings: aside.safety_ratings,
    avgLogprobs: aside.avg_logprobs,
  })
}

const encoder = new TextEncoder()

function groundingOf(annotations: readonly unknown[], words: string): Fields | undefined {
  const cited = annotations.map((one) => fields(fields(one).url_citation)).filter(({ url }) => text(url) !== undefined)
  if (cited.length === 0) return undefined
  const urls = [...new Set(cited.map(({ url }) => url))]
  const supports = cited.flatMap(({ url, start_index, end_index }) => {
    const [start, end] = [number(start_index), number(end_index)]
    if (start === undefined || end === undefined || end <= start) return []
    const bytes = (until: number) => encoder.encode(words.slice(0, until)).length
    const segment = { startIndex: bytes(start), endIndex: bytes(end), text: words.slice(start, end) }
    return [{ segment, groundingChunkIndices: [urls.indexOf(url)] }]
  })
  const chunks = urls.map((url) => ({
    web: { uri: url, ...present({ title: cited.find((one) => one.url === url)?.title }) },
  }))
  return { groundingChunks: chunks, ...(supports.length > 0 && { groundingSupports: supports }) }
}

export function logprobsResult(logprobs: unknown): Fields {
  const steps = list(fields(logprobs).content).map(fields)
  if (steps.length === 0) return {}
  const token = ({ token, logprob }: Fields) => ({ token, logProbability: logprob })
  return {
    logprobsResult: {
      chosenCandidates: steps.map(token),
      topCandidates: steps.map(({ top_logprobs }) => ({ candidates: list(top_logprobs).map(fields).map(token) })),
    },
  }
}

/** Counts in Google's way: what was cached is inside the prompt, what was thought beside the candidates. */
export function usageMetadata(usage: Usage, tier?: string): Fields {
  const details = (of: readonly (readonly [string, number])[]) =>
    of.flatMap(([modality, tokenCount]) => (tokenCount > 0 ? [{ modality, tokenCount }] : []))
  const prompt = promptTokens(usage)
  const heard = usage.inputAudioTokens + usage.inputImageTokens
  const input = details([
    ['TEXT', prompt - heard],
    ['AUDIO', usage.inputAudioTokens],
    ['IMAGE', usage.inputImageTokens],
  ])
  const output = details([
    ['TEXT', usage.outputTokens],
    ['AUDIO', usage.outputAudioTokens],
    ['IMAGE', usage.outputImageTokens],
  ])
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: completionTokens(usage) - usage.reasoningTokens,
    totalTokenCount: totalTokens(usage),
    ...(usage.cacheReadTokens > 0 && { cachedContentTokenCount: usage.cacheReadTokens }),
    ...(usage.reasoningTokens > 0 && { thoughtsTokenCount: usage.reasoningTokens }),
    ...(input.length > 0 && { promptTokensDetails: input }),
    ...(output.length > 0 && { candidatesTokensDetails: output }),
    ...present({ serviceTier: tier }),
  }
}
