import * as z from 'zod'
import { measure } from '../operations/sound/measured.ts'
import { speech as speechOperation } from '../operations/speech.ts'
import { transcription, translation } from '../operations/transcription.ts'
import { type Asked, type Route, route } from './route.ts'
import { servedTo } from './served-to.ts'

const speech = route({
  method: 'POST',
  paths: ['/v1/audio/speech', '/audio/speech', '/openai/deployments/{model+}/audio/speech'],
  access: 'key',
  tag: 'Models',
  summary: 'A text read aloud, as it is spoken.',
  body: z.looseObject({}).meta({
    description: "OpenAI's request for speech. Parameters that the gateway does not know go to the provider.",
    properties: { model: { type: 'string' }, input: { type: 'string' }, voice: { type: 'string' } },
    required: ['model', 'input', 'voice'],
  }),
  handle: (asked) => servedTo(asked, speechOperation, asked.body),
})

const FORM = z.looseObject({}).meta({
  description: "OpenAI's form: a file with sound, and the format in which what is said is wanted.",
  properties: {
    model: { type: 'string' },
    file: { type: 'string', format: 'binary' },
    response_format: { type: 'string' },
    stream: { type: 'boolean' },
  },
  required: ['model', 'file'],
})

const transcriptions = route({
  method: 'POST',
  paths: ['/v1/audio/transcriptions', '/audio/transcriptions', '/openai/deployments/{model+}/audio/transcriptions'],
  access: 'key',
  tag: 'Models',
  summary: 'What is said in a file.',
  form: true,
  body: FORM,
  handle: (asked) => heard(asked, transcription),
})

const translations = route({
  method: 'POST',
  paths: ['/v1/audio/translations', '/audio/translations', '/openai/deployments/{model+}/audio/translations'],
  access: 'key',
  tag: 'Models',
  summary: 'What is said in a file, in English.',
  form: true,
  body: FORM,
  handle: (asked) => heard(asked, translation),
})

/** What is heard costs by its length, so that is known before anybody is asked. */
async function heard(
  asked: Asked<'key', undefined, Readonly<Record<string, unknown>>>,
  operation: typeof transcription,
): Promise<Response> {
  await measure(asked.body.file)
  return servedTo(asked, operation, asked.body)
}

export const audioRoutes: readonly Route[] = [speech, transcriptions, translations]
