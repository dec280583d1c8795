import type { SpeechRequest } from '../dialects/audio.ts'
import { fields, list, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import { mostSpokenTokens } from './audio-used.ts'
import { bytesOfBase64 } from './base64.ts'
import type { Method } from './gemini-images.ts'
import { geminiUsage } from './gemini-usage.ts'
import { taskBody } from './task-request.ts'
import type { SpeechTask } from './translator.ts'
import { saysOf, unsupported } from './unsupported.ts'

const USUAL_RATE = 24_000
const HEAD_BYTES = 44

/**
 * Google's voices: `generateContent` of sound, which comes as a whole and as bare samples (ai.google.dev, speech
 * generation). How it is spoken stands in the text itself. Its length is bounded by what is held for it.
 */
export function geminiSpeech(method: Method): SpeechTask {
  return {
    ask(request, target) {
      const { speed, instructions, stream_format, response_format: format } = taskBody(request, target)
      const unformed = [undefined, null, 'wav', 'pcm'].includes(format as string) ? [] : ['response_format']
      unsupported([...saysOf({ speed, instructions, stream_format }, [1, 'audio']), ...unformed], target)
      return method(target, 'generateContent', {
        contents: [{ role: 'user', parts: [{ text: request.input }] }],
        generationConfig: {
          responseModalities: ['AUDIO'],
          maxOutputTokens: mostSpokenTokens(request.input),
          speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: request.voice } } },
        },
      })
    },
    read(answer, { response_format: format }: SpeechRequest) {
      const [candidate] = list(fields(answer).candidates).map(fields)
      const sounds = list(fields(candidate?.content).parts).map((part) => fields(fields(part).inlineData))
      const samples = joined(sounds.map(({ data }) => bytesOfBase64(text(data) ?? '')))
      const reason = text(fields(fields(answer).promptFeedback).blockReason) ?? text(candidate?.finishReason)
      if (samples.length === 0 || reason === 'MAX_TOKENS') throw unspoken(reason)
      const [, rate] = /rate=(\d{4,6})/.exec(text(sounds[0]?.mimeType) ?? '') ?? []
      const usage = spoken(geminiUsage(answer))
      const bare = format === 'pcm'
      return {
        bytes: bare ? samples : joined([headOf(samples.length, Number(rate ?? USUAL_RATE)), samples]),
        type: bare ? 'audio/pcm' : 'audio/wav',
        ...(usage && { usage }),
      }
    },
  }
}

/** What it wrote is sound, also where the count does not say so. */
function spoken(usage: Usage | undefined): Usage | undefined {
  return usage && { ...usage, outputTokens: 0, outputAudioTokens: usage.outputAudioTokens + usage.outputTokens }
}

function unspoken(reason: string | undefined): GatewayError {
  if (reason === undefined || reason === 'STOP' || reason === 'MAX_TOKENS' || reason === 'OTHER')
    return new GatewayError(
      'upstream_failed',
      `The provider answered without ${reason === 'MAX_TOKENS' ? 'the end of the sound' : 'sound'}.`,
      { billed: true, retry: true },
    )
  return new GatewayError('content_policy_violation', `The provider read nothing aloud: ${reason}.`, {
    param: 'input',
    billed: true,
  })
}

/** RIFF WAVE of one channel of 16 bits. */
function headOf(length: number, rate: number): Uint8Array<ArrayBuffer> {
  const head = new DataView(new ArrayBuffer(HEAD_BYTES))
  const name = (at: number, said: string) => {
    for (let i = 0; i < said.length; i++) head.setUint8(at + i, said.charCodeAt(i))
  }
  name(0, 'RIFF')
  head.setUint32(4, HEAD_BYTES - 8 + length, true)
  name(8, 'WAVEfmt ')
  head.setUint32(16, 16, true)
  head.setUint16(20, 1, true)
  head.setUint16(22, 1, true)
  head.setUint32(24, rate, true)
  head.setUint32(28, rate * 2, true)
  head.setUint16(32, 2, true)
  head.setUint16(34, 16, true)
  name(36, 'data')
  head.setUint32(40, length, true)
  return new Uint8Array(head.buffer)
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = pieces
  if (only && pieces.length === 1) return only
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
