import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import type { ChatChunk, ChatCompletion, ChatRequest, FinishReason } from './chat.ts'
import type { ChunkPrinter, Dialect, PathFields } from './dialect.ts'
import { type Fields, fields, isFields, list, number, text } from './loose-json.ts'
import { errorBody, errorEvent, refusedBody } from './openai.ts'
import { printUsage } from './openai-printer.ts'

/** What the answer begins with, where the caller wants its prompt repeated. No vendor ever sees it. */
const echoed: unique symbol = Symbol('the prompt of /v1/completions')

interface CompletionRequest extends ChatRequest {
  readonly [echoed]: string
}

const whole = (what: string) => z.int(`must be ${what}`)
const flag = z.boolean('must be true or false').nullish()
const atLeastOne = whole('a whole number above 0').positive('must be a whole number above 0').nullish()

const body = z.looseObject(
  {
    model: z.string('must be a string').min(1, 'must not be empty'),
    prompt: z.unknown(),
    max_tokens: atLeastOne,
    n: atLeastOne,
    best_of: atLeastOne,
    echo: flag,
    stream: flag,
    stream_options: z.looseObject({ include_usage: flag }, 'must be an object').nullish(),
    logprobs: whole('a whole number from 0 to 5').min(0, 'must be from 0 to 5').max(5, 'must be from 0 to 5').nullish(),
    suffix: z.string('must be a string').nullish(),
    user: z.string('must be a string').nullish(),
  },
  'The body must be a JSON object',
)

/** OpenAI's older `/v1/completions`, answered by models that chat: the prompt is what the user says. */
export const completions: Dialect = {
  name: 'completions',
  parse: parseCompletion,
  completion: printCompletion,
  printer: completionPrinter,
  errorBody,
  errorEvent,
}

export function parseCompletion(given: unknown, path: PathFields = {}): ChatRequest {
  const named = path.model === undefined || !isFields(given) ? given : { ...given, model: path.model }
  const result = body.safeParse(named)
  if (!result.success) throw refusedBody(result.error.issues)
  const { prompt, echo, logprobs, best_of, suffix, ...rest } = result.data
  const asked = promptOf(prompt)
  if (text(suffix) !== undefined)
    throw refused(
      'suffix',
      'Completions are answered by chat here, which cannot write in front of a suffix. Put both texts into prompt and say what is missing.',
    )
  if ((best_of ?? 1) > (rest.n ?? 1))
    throw refused(
      'best_of',
      'Completions are answered by chat here, which does not pick the best of several. Leave best_of out, or set it to n.',
    )
  if (echo === true && isSet(logprobs))
    throw refused('logprobs', 'The probabilities of the prompt itself are not known here. Leave echo or logprobs out.')
  const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
  const request: ChatRequest & Partial<CompletionRequest> = {
    ...said,
    model: result.data.model,
    messages: [{ role: 'user', content: asked }],
    ...(isSet(logprobs) && { logprobs: true, ...(logprobs !== 0 && { top_logprobs: logprobs }) }),
    ...(echo === true && { [echoed]: asked }),
  }
  return request
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

function promptOf(prompt: unknown): string {
  if (typeof prompt === 'string' && prompt !== '') return prompt
  const several = list(prompt)
  const [only] = several
  if (several.length === 1 && typeof only === 'string' && only !== '') return only
  if (several.length > 1 && several.every((one) => typeof one === 'string'))
    throw refused(
      'prompt',
      `prompt has ${several.length} texts, and completions are answered by chat here, one text at a time. Send a request for each.`,
    )
  if (several.length > 0 && several.every((one) => typeof one === 'number' || Array.isArray(one)))
    throw refused('prompt', 'prompt is a list of tokens, whose meaning only their own model knows. Send it as text.')
  throw refused('prompt', 'prompt must be a string and not empty.')
}

function refused(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}

function echoOf(request: ChatRequest): string {
  return echoed in request && typeof request[echoed] === 'string' ? request[echoed] : ''
}

export function printCompletion(answer: ChatCompletion, request: ChatRequest): object {
  const echo = echoOf(request)
  return {
    id: idOf(answer.id),
    object: 'text_completion',
    created: answer.created,
    model: request.model,
    choices: answer.choices.map(({ index, message, finish_reason, logprobs }) => ({
      index,
      text: echo + (message.content ?? message.refusal ?? ''),
      logprobs: legacyLogprobs(logprobs, 0),
      finish_reason: finishOf(finish_reason),
    })),
    ...(answer.usage && { usage: printUsage(answer.usage) }),
    ...(answer.system_fingerprint !== undefined && { system_fingerprint: answer.system_fingerprint }),
  }
}

function idOf(id: string): string {
  return id.startsWith('cmpl-') ? id : `cmpl-${id.replace(/^(chatcmpl-|msg_|resp_)/, '')}`
}

function finishOf(finish: FinishReason): 'stop' | 'length' | 'content_filter' {
  return finish === 'length' || finish === 'content_filter' ? finish : 'stop'
}

/** Chat's list of tokens as the older four lists side by side. A prompt that is repeated never has them. */
function legacyLogprobs(logprobs: unknown, before: number): object | null {
  if (!isFields(logprobs)) return null
  const tokens = list(logprobs.content).map(fields)
  let offset = before
  return {
    tokens: tokens.map(({ token }) => text(token) ?? ''),
    token_logprobs: tokens.map(({ logprob }) => number(logprob) ?? null),
    top_logprobs: tokens.map(alternatives),
    text_offset: tokens.map(({ token }) => {
      const here = offset
      offset += text(token)?.length ?? 0
      return here
    }),
  }
}

function alternatives({ top_logprobs }: Fields): object {
  const pairs = list(top_logprobs).map(fields)
  return Object.fromEntries(pairs.map(({ token, logprob }) => [String(token), number(logprob) ?? null]))
}

const encoder = new TextEncoder()

/** Canonical chunks as `text_completion` events; what has no text is left out. */
export function completionPrinter(request: ChatRequest): ChunkPrinter {
  const showUsage = request.stream_options?.include_usage === true
  const echo = echoOf(request)
  const written = new Map<number, number>()
  let head: object | undefined
  let usage: ChatChunk['usage']

  const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`

  return {
    print(chunk) {
      usage = chunk.usage ?? usage
      head ??= { id: idOf(chunk.id), object: 'text_completion', created: chunk.created, model: request.model }
      const choices = chunk.choices.flatMap(({ index, delta, finish_reason, logprobs }) => {
        const before = written.get(index)
        const said = delta.content ?? delta.refusal ?? ''
        const shown = before === undefined && (said !== '' || finish_reason) ? echo + said : said
        if (shown === '' && !finish_reason) return []
        const at = before ?? 0
        written.set(index, at + said.length)
        return [
          {
            index,
            text: shown,
            logprobs: legacyLogprobs(logprobs, at),
            finish_reason: finish_reason ? finishOf(finish_reason) : null,
          },
        ]
      })
      if (choices.length === 0) return undefined
      return encoder.encode(event({ ...head, choices, ...(showUsage && { usage: null }) }))
    },
    end() {
      const last = showUsage && head && usage ? event({ ...head, choices: [], usage: printUsage(usage) }) : ''
      return encoder.encode(`${last}data: [DONE]\n\n`)
    },
  }
}
