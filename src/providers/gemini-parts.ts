import type { ChatDelta, ThinkingBlock } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, present, text } from '../dialects/loose-json.ts'
import { withPartialArgs } from './gemini-partial-args.ts'

/** What is remembered of one candidate while its parts come in, in one piece or in many. */
export interface Candidate {
  readonly prefix: string
  calls: number
  /** A call whose arguments are still coming. */
  open:
    | { readonly name: string; readonly id: string | undefined; readonly signature: string | undefined; args: Fields }
    | undefined
  /** The texts of the parts so far, for the places of citations; empty for what is no visible text. */
  readonly texts: string[]
  readonly signatures: string[]
  readonly others: Fields[]
}

export function newCandidate(answerId: string, index: number): Candidate {
  const id = answerId.replaceAll(/[^A-Za-z0-9]/g, '').slice(-28)
  return {
    prefix: `call_${id}${index === 0 ? '' : index}`,
    calls: 0,
    open: undefined,
    texts: [],
    signatures: [],
    others: [],
  }
}

type CallDelta = NonNullable<ChatDelta['tool_calls']>[number]

/**
 * What these parts add to their candidate. `streamed` parts continue those before them; signatures, and parts that chat has
 * no word for, are listed whole each time, because clients let the last of such fields stand.
 */
export function readParts(content: unknown, candidate: Candidate, streamed: boolean): ChatDelta {
  const said: string[] = []
  const blocks: ThinkingBlock[] = []
  const calls: CallDelta[] = []
  const images: Fields[] = []
  const sounds: Fields[] = []
  const { signatures, others } = candidate
  const knownBefore = signatures.length + others.length

  const remember = (words: string, isThought: boolean) => {
    const last = candidate.texts.length - 1
    const before = candidate.texts[last]
    const continues = streamed && before !== undefined && (before === '') === isThought
    if (continues) candidate.texts[last] = before + words
    else if (words !== '' || isThought || !streamed) candidate.texts.push(words)
  }

  for (const part of list(fields(content).parts).filter(isFields)) {
    const signature = text(part.thoughtSignature)
    const mimeType = text(fields(part.inlineData ?? part.fileData).mimeType) ?? ''
    if (isFields(part.functionCall)) {
      calls.push(...readCall(part.functionCall, signature, candidate))
      remember('', true)
    } else if (part.thought === true && isTextual(part)) {
      blocks.push({ type: 'thinking', thinking: wordsOf(part), ...present({ signature }) })
      remember('', true)
    } else if (isTextual(part)) {
      said.push(wordsOf(part))
      if (signature !== undefined) signatures.push(signature)
      remember(wordsOf(part), false)
    } else {
      if (part.thought !== true && mimeType.startsWith('image/')) images.push(image(part, signature))
      else if (part.thought !== true && mimeType.startsWith('audio/') && isFields(part.inlineData))
        sounds.push(part.inlineData)
      else if (Object.keys(part).length > 0) others.push(part)
      remember('', true)
    }
  }
  const words = said.join('')
  const reasoning = blocks.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('')
  return {
    ...(words !== '' && { content: words }),
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(blocks.length > 0 && { thinking_blocks: blocks }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(images.length > 0 && { images }),
    ...(sounds.length > 0 && { audio: sound(sounds, candidate) }),
    ...(signatures.length + others.length > knownBefore && {
      provider_specific_fields: {
        ...(signatures.length > 0 && { thought_signatures: [...signatures] }),
        ...(others.length > 0 && { gemini_parts: [...others] }),
      },
    }),
  }
}

/** The call that was still open when its candidate ended. */
export function closeCall(candidate: Candidate): CallDelta[] {
  const { open } = candidate
  candidate.open = undefined
  return open === undefined ? [] : [callOf(open, candidate)]
}

/** A call comes whole, or its arguments come in pieces and are held back until they are whole. */
function readCall(call: Fields, signature: string | undefined, candidate: Candidate): CallDelta[] {
  const name = text(call.name)
  const done: CallDelta[] = []
  if (name !== undefined) {
    done.push(...closeCall(candidate))
    candidate.open = { name, id: text(call.id), signature, args: fields(call.args) }
  }
  if (candidate.open === undefined) return done
  candidate.open.args = withPartialArgs(candidate.open.args, call.partialArgs)
  if (call.willContinue !== true) done.push(...closeCall(candidate))
  return done
}

function callOf(call: NonNullable<Candidate['open']>, candidate: Candidate): CallDelta {
  const index = candidate.calls
  candidate.calls += 1
  return {
    index,
    id: call.id ?? `${candidate.prefix}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.args) },
    ...(call.signature !== undefined && { provider_specific_fields: { thought_signature: call.signature } }),
  }
}

/** Text, or a signature that stands alone. */
function isTextual(part: Fields): boolean {
  if (typeof part.text === 'string') return true
  return text(part.thoughtSignature) !== undefined && Object.keys(part).every((key) => key.startsWith('thought'))
}

function wordsOf(part: Fields): string {
  return typeof part.text === 'string' ? part.text : ''
}

function image(part: Fields, signature: string | undefined): Fields {
  const { mimeType, data } = fields(part.inlineData)
  const url = isFields(part.inlineData) ? `data:${mimeType};base64,${data}` : fields(part.fileData).fileUri
  return {
    type: 'image_url',
    image_url: { url },
    ...(signature !== undefined && { provider_specific_fields: { thought_signature: signature } }),
  }
}

/** Google sends no transcript along with what its models speak. */
function sound(parts: readonly Fields[], { prefix }: Candidate): Fields {
  const data = joinBase64(parts.map(({ data }) => text(data) ?? ''))
  return { id: prefix.replace('call', 'audio'), data, transcript: '', mime_type: parts[0]?.mimeType }
}

/** Base64 texts as one: those that end in padding have to be read and written again. */
export function joinBase64(texts: readonly string[]): string {
  const found = texts.filter((one) => one !== '')
  if (found.slice(0, -1).every((one) => !one.endsWith('=') && one.length % 4 === 0)) return found.join('')
  try {
    return btoa(found.map((one) => atob(one)).join(''))
  } catch {
    return found.join('')
  }
}
