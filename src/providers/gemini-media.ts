import { type Fields, fields, present, text } from '../dialects/loose-json.ts'
import { generation } from './gemini-thinking.ts'

const TYPE_OF_ENDING: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  avif: 'image/avif',
  bmp: 'image/bmp',
  svg: 'image/svg+xml',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  csv: 'text/csv',
  xml: 'text/xml',
  json: 'application/json',
  wav: 'audio/wav',
  mp3: 'audio/mp3',
  m4a: 'audio/m4a',
  aac: 'audio/aac',
  aiff: 'audio/aiff',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  opus: 'audio/opus',
  pcm: 'audio/pcm',
  pcm16: 'audio/pcm',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  mpg: 'video/mpg',
  mov: 'video/mov',
  avi: 'video/avi',
  flv: 'video/x-flv',
  webm: 'video/webm',
  wmv: 'video/wmv',
  '3gp': 'video/3gpp',
}

/** A part of a message that is no text, as Gemini's part; undefined when it is none of the kinds that Gemini takes. */
export function mediaPart(part: Fields, model: string): Fields | undefined {
  const made = mediaOf(part)
  if (made === undefined) return undefined
  const detail = fields(part[String(part.type)]).detail
  const level = generation(model) >= 3 && typeof detail === 'string' ? RESOLUTIONS[detail] : undefined
  const film = part.video_metadata ?? fields(part[String(part.type)]).video_metadata
  return {
    ...made,
    ...(level !== undefined && { mediaResolution: { level } }),
    ...present({ videoMetadata: film, thoughtSignature: fields(part.provider_specific_fields).thought_signature }),
  }
}

/** Of pictures, from the third generation on; before it a model has one resolution for the whole request. */
const RESOLUTIONS: Readonly<Record<string, string>> = {
  low: 'MEDIA_RESOLUTION_LOW',
  medium: 'MEDIA_RESOLUTION_MEDIUM',
  high: 'MEDIA_RESOLUTION_HIGH',
  ultra_high: 'MEDIA_RESOLUTION_ULTRA_HIGH',
}

function mediaOf(part: Fields): Fields | undefined {
  const { type } = part
  if (type === 'image_url' || type === 'video_url' || type === 'audio_url') {
    const { url, format } = typeof part[type] === 'string' ? { url: part[type], format: undefined } : fields(part[type])
    return source(text(url), text(format))
  }
  if (type === 'input_audio') {
    const { data, format } = fields(part.input_audio)
    if (typeof data !== 'string' || text(format) === undefined) return undefined
    return data.startsWith('data:') ? source(data, undefined) : inline(data, typeNamed(String(format)))
  }
  if (type !== 'file') return undefined
  const { file_data, file_id, file_url, filename, format } = fields(part.file)
  const named = text(format) ?? typeOf(text(filename))
  const given = text(file_data) ?? text(file_url) ?? text(file_id)
  const made = source(given, named)
  if (made !== undefined || given === undefined) return made
  // Bare base64, as some clients write it, and names of uploaded files.
  if (text(file_data) !== undefined) return named === undefined ? undefined : inline(given, typeNamed(named))
  return given.startsWith('files/') ? { fileData: withType(`${FILES}${given}`, named) } : undefined
}

const FILES = 'https://generativelanguage.googleapis.com/v1beta/'

function source(address: string | undefined, format: string | undefined): Fields | undefined {
  if (address === undefined) return undefined
  if (/^(https?|gs):\/\//i.test(address)) return { fileData: withType(address, format) }
  const data = /^data:([^;,]*)((?:;[^;,]*)*),/i.exec(address)
  if (data === null || !/;base64$/i.test(data[2] ?? '')) return undefined
  const named = format === undefined ? undefined : typeNamed(format)
  return inline(address.slice(data[0].length), text(data[1]) ?? named ?? 'application/octet-stream')
}

function inline(data: string, mimeType: string): Fields {
  return { inlineData: { mimeType, data } }
}

function withType(fileUri: string, format: string | undefined): Fields {
  const mimeType = format === undefined ? typeOf(fileUri) : typeNamed(format)
  return { fileUri, ...(mimeType !== undefined && { mimeType }) }
}

/** A MIME type, or the ending that stands for one. */
function typeNamed(format: string): string {
  return format.includes('/') ? format : (TYPE_OF_ENDING[format.toLowerCase()] ?? `application/${format}`)
}

function typeOf(name: string | undefined): string | undefined {
  const path = name?.split(/[?#]/, 1)[0] ?? ''
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase()
  return ending === undefined ? undefined : TYPE_OF_ENDING[ending]
}
