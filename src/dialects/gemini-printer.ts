import type { ChatChunk, FinishReason } from './chat.ts'
import type { ChunkPrinter } from './dialect.ts'
import { beside, callPart, finishReasonOf, logprobsResult, saidParts, usageMetadata } from './gemini-answer.ts'
import { type Fields, fields, isFields, list, parsed, text } from './loose-json.ts'

/** How Google frames a stream: events where `alt=sse` is asked for, else one JSON array that grows. */
export interface GeminiFraming {
  readonly before: string
  readonly between: string
  readonly after: string
  readonly end: string
}

export const SSE: GeminiFraming = { before: 'data: ', between: 'data: ', after: '\r\n\r\n', end: '' }
export const ARRAY: GeminiFraming = { before: '[', between: ',\r\n', after: '', end: ']' }

type CallPiece = NonNullable<ChatChunk['choices'][number]['delta']['tool_calls']>[number]

interface PrintedChoice {
  readonly calls: { index: number; id: string; type: string; name: string; written: string; aside: Fields }[]
  words: string
  /** The newest piece of a thought, kept until the next event: some SDKs lose a signature that comes on an empty part. */
  thought: string
  told: Fields
  /** How many of the fields that are listed whole each time have been printed. */
  shown: Readonly<Record<string, number>>
}

const encoder = new TextEncoder()

/**
 * Canonical chunks as Google's events. A call is printed when it is whole, since Google has no pieces of calls; the end of
 * a candidate waits for the usage that other vendors send right after it, because Google's clients look for it there.
 */
export function generatePrinter(framing: GeminiFraming): ChunkPrinter {
  const choices = new Map<number, PrintedChoice>()
  let ends: Fields[] = []
  let head: Fields = {}
  let printed = false

  const choiceAt = (index: number): PrintedChoice => {
    const known = choices.get(index) ?? { calls: [], words: '', thought: '', told: {}, shown: {} }
    choices.set(index, known)
    return known
  }

  const event = (value: Fields): string => {
    const before = printed ? framing.between : framing.before
    printed = true
    return `${before}${JSON.stringify({ ...value, ...head })}${framing.after}`
  }

  const readChoice = ({ index, delta, finish_reason, logprobs }: ChatChunk['choices'][number]): Fields[] => {
    const choice = choiceAt(index)
    choice.words += delta.content ?? ''
    choice.told = merged(choice.told, { ...delta })
    const calls = list(delta.tool_calls).flatMap((piece) => addPiece(choice, piece as CallPiece))
    if (finish_reason) calls.push(...choice.calls.splice(0).map(wholeCall))
    const said = saidParts(unshown(delta, choice))
    const parts = finish_reason ? [...letGo(choice), ...said, ...calls] : [...withThought(choice, said), ...calls]
    const feedback = fields(delta.provider_specific_fields).prompt_feedback
    if (isFields(feedback)) {
      ends.push({ promptFeedback: feedback })
      return []
    }
    const candidate = { content: { role: 'model', parts }, index, ...logprobsResult(logprobs) }
    const end = finish_reason ? -1 : ends.findIndex((one) => one.index === index)
    if (end >= 0) {
      ends = ends.with(end, goneOn(ends[end], parts))
      return []
    }
    if (!finish_reason) return parts.length > 0 || logprobs ? [candidate] : []
    ends.push({ ...candidate, ...endOf(choice, finish_reason) })
    return []
  }

  const flush = (usage: Fields): string => {
    const candidates = ends.filter(({ promptFeedback }) => promptFeedback === undefined)
    const feedback = ends.find(({ promptFeedback }) => promptFeedback !== undefined)
    ends = []
    return event({ ...(candidates.length > 0 && { candidates }), ...feedback, ...usage })
  }

  return {
    print(chunk) {
      head = { modelVersion: chunk.model, responseId: chunk.id }
      const candidates = chunk.choices.flatMap(readChoice)
      const usage = chunk.usage ? { usageMetadata: usageMetadata(chunk.usage, chunk.service_tier) } : {}
      let out = candidates.length > 0 ? event({ candidates, ...(ends.length === 0 && usage) }) : ''
      if (chunk.usage && (ends.length > 0 || candidates.length === 0)) out += flush(usage)
      // An array has to be begun before an error can end it.
      if (out === '' && !printed && framing.end !== '') out = event({})
      return out === '' ? undefined : encoder.encode(out)
    },
    end() {
      for (const [index, choice] of choices) {
        const parts = [...letGo(choice), ...choice.calls.splice(0).map(wholeCall)]
        if (parts.length > 0) ends.push({ content: { role: 'model', parts }, index })
      }
      const last = ends.length > 0 ? flush({}) : ''
      const closing = framing.end === '' ? '' : `${printed ? '' : framing.before}${framing.end}`
      return last + closing === '' ? undefined : encoder.encode(last + closing)
    },
  }
}

function endOf(choice: PrintedChoice, reason: FinishReason): Fields {
  const told = { ...choice.told, content: choice.words }
  return { finishReason: finishReasonOf(reason, told), ...beside(told, reason) }
}

/** Some vendors say that they end before their last words. */
function goneOn(end: Fields | undefined, parts: readonly Fields[]): Fields {
  const { role, parts: before } = fields(end?.content)
  return { ...end, content: { role, parts: [...list(before), ...parts] } }
}

/** The thought that was kept, now that nothing signs it any more. */
function letGo(choice: PrintedChoice): Fields[] {
  const { thought } = choice
  choice.thought = ''
  return thought === '' ? [] : [{ text: thought, thought: true }]
}

/** What was said after the thought that was kept; a signature alone belongs to it. */
function withThought(choice: PrintedChoice, said: readonly Fields[]): Fields[] {
  const [first, ...rest] = said
  if (first === undefined) return []
  const isThought = first.thought === true
  if (isThought && first.text === '' && choice.thought !== '') {
    const signed = { ...first, text: choice.thought }
    choice.thought = ''
    return [signed, ...rest]
  }
  const before = letGo(choice)
  if (!isThought || first.thoughtSignature !== undefined || rest.length > 0) return [...before, ...said]
  choice.thought = text(first.text) ?? ''
  return before
}

/** What only shows at a candidate's end, as far as it has been said. */
function merged(told: Fields, delta: Fields): Fields {
  const { annotations, refusal, provider_specific_fields } = delta
  return {
    annotations: [...list(told.annotations), ...list(annotations)],
    refusal: (text(told.refusal) ?? '') + (text(refusal) ?? ''),
    provider_specific_fields: { ...fields(told.provider_specific_fields), ...fields(provider_specific_fields) },
  }
}

const LISTS = ['thought_signatures', 'gemini_parts']

/** Signatures and Google's own parts come as lists that grow: what has been printed of them is left out. */
function unshown(delta: object, choice: PrintedChoice): object {
  const { provider_specific_fields }: Fields = { ...delta }
  if (!isFields(provider_specific_fields)) return delta
  const aside: Record<string, unknown> = { ...provider_specific_fields }
  for (const name of LISTS) {
    const all = list(aside[name])
    aside[name] = all.slice(choice.shown[name] ?? 0)
    if (all.length > 0) choice.shown = { ...choice.shown, [name]: all.length }
  }
  return { ...delta, provider_specific_fields: aside }
}

/** Adds a piece to its call. A call that a later one follows is told when its arguments are whole: vendors write several at once. */
function addPiece(choice: PrintedChoice, piece: CallPiece): Fields[] {
  let call = choice.calls.find(({ index }) => index === piece.index)
  const whole: Fields[] = []
  if (call === undefined) {
    while (isWhole(choice.calls[0])) whole.push(...choice.calls.splice(0, 1).map(wholeCall))
    call = { index: piece.index, id: '', type: 'function', name: '', written: '', aside: {} }
    choice.calls.push(call)
  }
  call.id ||= piece.id ?? ''
  call.type = piece.type ?? call.type
  call.name += piece.function?.name ?? ''
  call.written += piece.function?.arguments ?? ''
  call.aside = { ...call.aside, ...piece.provider_specific_fields }
  return whole
}

function isWhole(call: PrintedChoice['calls'][number] | undefined): boolean {
  return call !== undefined && isFields(parsed(call.written))
}

function wholeCall({ id, type, name, written, aside }: PrintedChoice['calls'][number]): Fields {
  return callPart({ id, type, function: { name, arguments: written }, provider_specific_fields: aside })
}
