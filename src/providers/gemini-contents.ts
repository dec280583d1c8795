import { wordsIn } from '../dialects/anthropic-words.ts'
import type { ChatMessage } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, parsed, present, text } from '../dialects/loose-json.ts'
import { isForeignTo } from '../dialects/signer.ts'
import { GatewayError } from '../errors.ts'
import { mediaPart } from './gemini-media.ts'
import { signatureOn, UNSIGNED_CALL } from './gemini-signature.ts'
import { generation } from './gemini-thinking.ts'

export interface Contents {
  readonly systemInstruction?: { readonly parts: readonly Fields[] }
  readonly contents: readonly Content[]
}

interface Content {
  readonly role: 'user' | 'model'
  readonly parts: readonly Fields[]
}

interface Call {
  readonly name: string
  readonly place: number
}

/**
 * Messages as Gemini's turns. What the system says goes, from every position and in its order, into the system
 * instruction; neighbours of one role become one turn; the results of one turn's calls stand in one turn of their own, in
 * the order of the calls, under the names of the functions.
 */
export function geminiContents(messages: readonly ChatMessage[], model: string): Contents {
  const system: Fields[] = []
  const turns: (Content & { readonly results: boolean })[] = []
  const calls = new Map<string, Call>()

  const add = (role: Content['role'], parts: readonly Fields[], results = false) => {
    if (parts.length === 0) return
    const last = turns.at(-1)
    if (last?.role === role && last.results === results)
      turns[turns.length - 1] = { ...last, parts: [...last.parts, ...parts] }
    else turns.push({ role, parts, results })
  }

  for (const [at, message] of messages.entries()) {
    const where = `messages[${at}]`
    const { role } = message
    if (role === 'system' || role === 'developer') system.push(...spoken(message.content, model, where))
    else if (role === 'user') add('user', spoken(message.content, model, where))
    else if (role === 'assistant') add('model', assistantParts(message, model, where, calls))
    else if (role === 'tool' || role === 'function') {
      const previous = messages[at - 1]?.role
      if (previous === 'tool' || previous === 'function') continue
      add('user', resultsFrom(messages, at, model, calls), true)
    } else throw invalid(`${where}.role`, `must be system, developer, user, assistant or tool, not "${role}"`)
  }
  const contents = turns.map(({ role, parts }) => ({ role, parts }))
  // Nobody else spoke: Gemini answers no system instruction alone.
  if (contents.length === 0) return { contents: [{ role: 'user', parts: system }] }
  return { contents, ...(system.length > 0 && { systemInstruction: { parts: system } }) }
}

function spoken(content: unknown, model: string, where: string): Fields[] {
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }]
  return list(content).map((part, at) => partOf(part, model, `${where}.content[${at}]`))
}

function partOf(part: unknown, model: string, where: string): Fields {
  if (typeof part === 'string') return { text: part }
  const said = fields(part)
  const words =
    said.type === 'refusal' ? said.refusal : said.type === 'image_url' ? undefined : (wordsIn(said) ?? said.text)
  if (typeof words === 'string') return { text: words, ...present({ thoughtSignature: signatureOn(said) }) }
  const media = mediaPart(said, model)
  if (media !== undefined) return media
  const { type, file } = said
  if (type === 'file' && text(fields(file).file_id) !== undefined)
    throw invalid(
      where,
      "names a file that Google does not have: send the file's data, or its gs:// or https:// address",
    )
  throw invalid(
    where,
    `is nothing that Gemini can read (type "${String(type)}"): send text, or media as base64 or address`,
  )
}

/** Thoughts first, then what was said and shown, then the calls: the order in which Gemini writes them. */
function assistantParts(message: ChatMessage, model: string, where: string, calls: Map<string, Call>): Fields[] {
  const aside = fields(message.provider_specific_fields)
  if (isFields(message.audio))
    throw invalid(
      `${where}.audio`,
      'names sound of an earlier answer, which Google does not keep: send its transcript as content',
    )
  const parts: Fields[] = [...thoughts(message), ...list(aside.gemini_parts).filter(isFields)]
  const words = signed(spoken(message.content, model, where), list(aside.thought_signatures).filter(isText))
  parts.push(...words)
  const refusal = text(message.refusal)
  if (refusal !== undefined && words.length === 0) parts.push({ text: refusal })
  for (const [at, image] of list(message.images).entries()) parts.push(partOf(image, model, `${where}.images[${at}]`))

  const made = list(message.tool_calls).map(fields)
  const legacy: Fields[] = isFields(message.function_call) ? [{ function: message.function_call }] : []
  for (const [at, call] of [...made, ...legacy].entries()) {
    const path = `${where}.tool_calls[${at}]`
    const custom = isFields(call.custom)
    const written = fields(custom ? call.custom : call.function)
    const name = text(written.name)
    if (name === undefined) throw invalid(`${path}.function.name`, 'must name the function')
    const id = text(call.id)
    calls.set(id ?? name, { name, place: calls.size })
    const signature = signatureOn(call) ?? (at === 0 && generation(model) >= 3 ? UNSIGNED_CALL : undefined)
    const args = custom ? { input: written.input } : argsOf(written.arguments, `${path}.function.arguments`)
    parts.push({
      functionCall: { ...present({ id }), name, args },
      ...present({ thoughtSignature: signature }),
    })
  }
  return parts
}

function thoughts(message: ChatMessage): Fields[] {
  const blocks = list(message.thinking_blocks).map(fields)
  const reasoning = text(message.reasoning_content)
  if (blocks.length === 0) return reasoning === undefined ? [] : [{ text: reasoning, thought: true }]
  return blocks.flatMap(({ type, thinking, signature }) => {
    const seal = text(signature)
    const own = seal === undefined || isForeignTo('google', seal) ? undefined : seal
    if (type !== 'thinking' || (own === undefined && text(thinking) === undefined)) return []
    return [{ text: text(thinking) ?? '', thought: true, ...present({ thoughtSignature: own }) }]
  })
}

/** The last signature belongs to the last text; earlier ones came on parts of their own. */
function signed(parts: readonly Fields[], signatures: readonly string[]): Fields[] {
  const last = signatures.at(-1)
  if (last === undefined || parts.some(({ thoughtSignature }) => thoughtSignature !== undefined)) return [...parts]
  const alone = signatures.slice(0, -1).map((signature) => ({ text: '', thoughtSignature: signature }))
  const at = parts.findLastIndex(({ text: words }) => typeof words === 'string')
  if (at < 0) return [...parts, ...alone, { text: '', thoughtSignature: last }]
  return [...alone, ...parts.with(at, { ...parts[at], thoughtSignature: last })]
}

function argsOf(written: unknown, where: string): Fields {
  if (isFields(written)) return written
  if (written === undefined || written === null || (typeof written === 'string' && written.trim() === '')) return {}
  const args = typeof written === 'string' ? parsed(written) : undefined
  if (!isFields(args)) throw invalid(where, 'must be a JSON object, as text')
  return args
}

/** The run of results that begins here. */
function resultsFrom(
  messages: readonly ChatMessage[],
  from: number,
  model: string,
  calls: ReadonlyMap<string, Call>,
): Fields[] {
  const answers: { readonly place: number; readonly parts: Fields[] }[] = []
  for (let at = from; at < messages.length; at++) {
    const message = messages[at]
    if (message?.role !== 'tool' && message?.role !== 'function') break
    const id = text(message.tool_call_id)
    const call = calls.get(id ?? text(message.name) ?? '')
    const name = call?.name ?? text(message.name)
    if (name === undefined)
      throw invalid(`messages[${at}].tool_call_id`, `answers no call of this conversation ("${id ?? ''}")`)
    answers.push({
      place: call?.place ?? Number.POSITIVE_INFINITY,
      parts: resultParts({ message, name, model, where: `messages[${at}]` }),
    })
  }
  return answers.toSorted((a, b) => (a.place === b.place ? 0 : a.place - b.place)).flatMap(({ parts }) => parts)
}

interface Result {
  readonly message: ChatMessage
  readonly name: string
  readonly model: string
  readonly where: string
}

/** Media of a result is inside of it from the third generation on, and beside it before. */
function resultParts({ message, name, model, where }: Result): Fields[] {
  const parts = spoken(message.content, model, where)
  const words = parts.flatMap(({ text: words }) => (typeof words === 'string' ? [words] : []))
  const media = parts.filter(({ text: words }) => typeof words !== 'string')
  const inside = generation(model) >= 3 && media.length > 0
  const functionResponse = {
    ...present({ id: text(message.tool_call_id) }),
    name,
    response: responseOf(words.join('\n'), message.is_error === true),
    ...(inside && { parts: media.map(({ inlineData, fileData }) => present({ inlineData, fileData })) }),
  }
  return [{ functionResponse }, ...(inside ? [] : media)]
}

/** An object speaks for itself, unless reading it would round its numbers; everything else is Google's `output`. */
function responseOf(words: string, isError: boolean): Fields {
  if (isError) return { error: words }
  const value = /\d{16}/.test(words) ? undefined : parsed(words)
  return isFields(value) ? value : { output: words }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function invalid(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}
