import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import type { PathFields } from './dialect.ts'
import { type Fields, fields, isFields, list, number, text } from './loose-json.ts'
import { refusedBody } from './openai.ts'

/** OpenAI's request for a text that is read aloud. */
export interface SpeechRequest {
  readonly model: string
  readonly input: string
  readonly voice: string
  readonly response_format?: string | null | undefined
  readonly stream_format?: string | null | undefined
  readonly user?: string | null | undefined
  readonly [field: string]: unknown
}

/** OpenAI's request for what is said in a file: in its own language, or in English. */
export interface TranscriptionRequest {
  readonly model: string
  readonly file: Blob
  readonly response_format?: string | null | undefined
  readonly stream?: boolean | null | undefined
  readonly user?: string | null | undefined
  readonly [field: string]: unknown
}

/** What was said. `answer` is in OpenAI's words, as verbose as its vendor was. */
export interface Transcript {
  readonly text: string
  readonly answer: Fields
  readonly usage?: Usage
}

const name = z.string('must be a string').min(1, 'must not be empty')
const optional = z.string('must be a string').nullish()
const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean('must be true or false').nullish(),
)

const speech = z.looseObject(
  {
    model: name,
    input: name,
    // Custom voices are objects with an id.
    voice: z.union([name, z.looseObject({ id: name }).transform(({ id }) => id)], 'must be the name of a voice'),
    response_format: optional,
    stream_format: z.enum(['audio', 'sse'], 'must be audio or sse').nullish(),
    user: optional,
  },
  'The body must be a JSON object',
)
const transcription = z.looseObject(
  {
    model: name,
    file: z.instanceof(Blob, { error: 'must be a file' }),
    response_format: z
      .enum(
        ['json', 'text', 'srt', 'vtt', 'verbose_json', 'diarized_json'],
        'must be json, text, srt, vtt or verbose_json',
      )
      .nullish(),
    stream: flag,
    user: optional,
  },
  'The body must be a form with a file',
)

/** The body of `/v1/audio/speech`. Throws `invalid_request` naming the first field at fault. */
export function parseSpeech(given: unknown, path: PathFields = {}): SpeechRequest {
  const result = speech.safeParse(named(given, path))
  if (!result.success) throw refusedBody(result.error.issues)
  return result.data
}

/** The body of `/v1/audio/transcriptions` and `/v1/audio/translations`. */
export function parseTranscription(given: unknown, path: PathFields = {}): TranscriptionRequest {
  const result = transcription.safeParse(named(given, path))
  if (!result.success) throw refusedBody(result.error.issues)
  mustBeHeard(result.data)
  return result.data
}

/** Vendors' words for sound that lies elsewhere, whose length nobody knows here, and for answers that go elsewhere. */
const ELSEWHERE = [
  ...['url', 'file_url', 'file_id', 'source_url', 'cloud_storage_url'],
  ...['callback', 'callback_method', 'webhook', 'webhook_id'],
]
const UNSAID: readonly unknown[] = [undefined, null, '', false, 'false']

/** What is paid for is the file that was sent, and its answer is the caller's: also by fields that go on as they are. */
function mustBeHeard({ extra_body: more, ...said }: Fields): void {
  const param = ELSEWHERE.find((field) => !UNSAID.includes(fields(more)[field] ?? said[field]))
  if (param === undefined) return
  throw new GatewayError(
    'invalid_request',
    `${param} must be left out: what is heard is the file, and what was said is answered here.`,
    { param },
  )
}

function named(given: unknown, { model }: PathFields): unknown {
  return model === undefined || !isFields(given) ? given : { ...given, model }
}

/** The answer in the form that was asked for, and its content type. */
export function printTranscript(
  { text: said, answer }: Transcript,
  { response_format: format }: Pick<TranscriptionRequest, 'response_format'>,
): { readonly body: string; readonly type: string } {
  if (format === 'text') return { body: `${said}\n`, type: 'text/plain; charset=utf-8' }
  if (format === 'srt') return { body: srt(answer), type: 'application/x-subrip; charset=utf-8' }
  if (format === 'vtt') return { body: vtt(answer), type: 'text/vtt; charset=utf-8' }
  const shown = format === undefined || format === null || format === 'json' ? brief(answer, said) : answer
  return { body: JSON.stringify(shown), type: 'application/json' }
}

/** What OpenAI says where nothing more was asked for. */
function brief({ usage, logprobs }: Fields, said: string): Fields {
  return { text: said, ...(logprobs !== undefined && { logprobs }), ...(isFields(usage) && { usage }) }
}

const srt = (answer: Fields) =>
  lines(answer, ',')
    .map(({ from, to, said }, at) => `${at + 1}\n${from} --> ${to}\n${said}\n`)
    .join('\n')

const vtt = (answer: Fields) =>
  `WEBVTT\n\n${lines(answer, '.')
    .map(({ from, to, said }) => `${from} --> ${to}\n${said}\n`)
    .join('\n')}`

function lines({ segments }: Fields, point: string) {
  return list(segments).map((one) => {
    const { start, end, text: said } = fields(one)
    return { from: time(start, point), to: time(end, point), said: (text(said) ?? '').trim() }
  })
}

function time(seconds: unknown, point: string): string {
  const ms = Math.max(0, Math.round((number(seconds) ?? 0) * 1000))
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const fraction = String(ms % 1000).padStart(3, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}${point}${fraction}`
}
