import type { Deployment } from '../config/config.ts'
import { type Fields, fields, isFields, list, text } from '../dialects/loose-json.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { boundedBy } from './bound.ts'
import type { WorstCase } from './chat.ts'
import { mostImageTokens } from './image-tokens.ts'
import { base64Bytes, utf8Bytes, valueBytes } from './text-size.ts'

/** Tokens by kind, as prices tell them apart. */
interface Tokens {
  text: number
  audio: number
  image: number
}

const TOKENS_PER_ITEM = 16
/** OpenAI counts ten tokens for a second that it hears; taken twice for the worst. */
const TOKENS_PER_SECOND = 20
/** Sound as it is sent: 16 bit at 24 kHz, or telephones' 8 bit at 8 kHz; the smaller where nobody said which. */
const PCM_BYTES_PER_SECOND = 48_000
const LEAST_BYTES_PER_SECOND = 8_000
/** The longest answer of OpenAI's realtime models (`max_output_tokens` is 1 to 4096), and a window that none exceeds. */
const LONGEST_ANSWER = 4_096
const LARGEST_WINDOW = 128_000
/** What holds cover beyond what was said already, so that they are not made anew for every piece of sound. */
export const SPARE_SECONDS = 30
/** An answer of OpenAI's transcribers has no more; the shortest piece is billed as so long. */
const LONGEST_TRANSCRIPT = 2_048
const LEAST_TRANSCRIBED_MS = 10_000

/**
 * What of a conversation its next response may have to read and write at the most. It is learnt from both sides: what a
 * client says adds its bytes, and what a response is billed for tells how much there was before it. Pure.
 */
export class RealtimeContext {
  readonly #deployment: Deployment
  /** What the last plain response had read and written. */
  #known: Tokens = { text: 0, audio: 0, image: 0 }
  /** What was sent since then, and between it and the response before: it may not have read all of that. */
  #since: Tokens = { text: 0, audio: 0, image: 0 }
  #before: Tokens = { text: 0, audio: 0, image: 0 }
  #settingsBytes = 0
  #isOpaque = false
  /** A response was asked for something else than the conversation, so that what it read says nothing about that. */
  #isAside = false
  #bytesPerSecond = PCM_BYTES_PER_SECOND
  #outputTokens: number
  #speaks = true
  #unheardBytes = 0
  #answersItself = true
  #transcribes: Fields | undefined

  constructor(deployment: Deployment) {
    this.#deployment = deployment
    this.#outputTokens = longestOf(deployment)
  }

  /** The vendor makes responses by itself, once it hears that somebody has spoken. */
  get answersItself(): boolean {
    return this.#answersItself
  }

  /** The model that writes down what is said, if any. */
  get transcribes(): string | undefined {
    return text(this.#transcribes?.model)
  }

  /** So many bytes of sound are about to go to the vendor. */
  heard(bytes: number): void {
    this.#since.audio += (bytes / this.#bytesPerSecond) * TOKENS_PER_SECOND
    this.#unheardBytes += bytes
  }

  /** Sound was sent that no transcription is known of yet. */
  get hasUnheard(): boolean {
    return this.#unheardBytes > 0
  }

  /** A client's event that goes, or is about to go, to the vendor. */
  sent(event: Fields): void {
    switch (event.type) {
      case 'input_audio_buffer.clear':
        this.#unheardBytes = 0
        return
      case 'conversation.item.create':
        this.#item(event.item, this.#since)
        return
      case 'session.update':
        this.#settings(fields(event.session), false)
        return
      case 'response.create':
        if (isAside(fields(event.response))) this.#isAside = true
        return
      default:
        return
    }
  }

  /** `session.created` and `session.updated`: how it stands. */
  settled(session: Fields): void {
    this.#settings(session, true)
  }

  /** Sound became something said, of which a transcription may follow. */
  committed(): void {
    this.#unheardBytes = 0
  }

  /** A response is over. */
  done(usage: Usage | undefined): void {
    if (usage === undefined || this.#isAside) {
      this.#known.audio += usage?.outputAudioTokens ?? this.#outputTokens
      this.#known.text += usage?.outputTokens ?? 0
      return
    }
    this.#known = {
      text: usage.inputTokens + usage.cacheReadTokens + usage.outputTokens,
      audio: usage.inputAudioTokens + (usage.cacheReadAudioTokens ?? 0) + usage.outputAudioTokens,
      image: usage.inputImageTokens,
    }
    this.#before = this.#since
    this.#since = { text: 0, audio: 0, image: 0 }
  }

  /** The most that the next response costs, one that a client asks for with these words of its own. */
  most(asked: Fields = {}): WorstCase {
    const own: Tokens = { text: valueBytes(withoutInput(asked)), audio: 0, image: 0 }
    for (const item of list(asked.input)) this.#item(item, own)
    const isOpaque = this.#isOpaque || isOpaqueIn(asked)
    const window = this.#deployment.maxInputTokens ?? LARGEST_WINDOW
    const sum = (kind: keyof Tokens) => this.#known[kind] + this.#before[kind] + this.#since[kind] + own[kind]
    // Of what cannot fit into the window the dearest is left in.
    const audio = Math.min(window, Math.ceil(sum('audio') + SPARE_SECONDS * TOKENS_PER_SECOND))
    const image = Math.min(window - audio, sum('image'))
    const said = isOpaque ? window : Math.ceil(sum('text') + this.#settingsBytes + TOKENS_PER_ITEM)
    const most = maximumIn(asked, longestOf(this.#deployment)) ?? this.#outputTokens
    const speaks = speaksIn(asked) ?? this.#speaks
    return boundedBy(
      this.#deployment,
      {
        ...noUsage,
        inputTokens: Math.min(window - audio - image, said),
        inputAudioTokens: audio,
        inputImageTokens: image,
        ...(speaks ? { outputAudioTokens: most } : { outputTokens: most }),
      },
      'input_cost_per_token',
    )
  }

  /** The most that it costs to write down what was said and not committed yet. */
  mostTranscribed(transcriber: Deployment): WorstCase {
    const seconds = this.#unheardBytes / this.#bytesPerSecond + SPARE_SECONDS
    return boundedBy(
      transcriber,
      {
        ...noUsage,
        inputTokens: valueBytes(this.#transcribes) + TOKENS_PER_ITEM,
        inputAudioTokens: Math.ceil(seconds * TOKENS_PER_SECOND),
        outputTokens: Math.max(LONGEST_TRANSCRIPT, Math.ceil(seconds * TOKENS_PER_SECOND)),
        inputAudioMs: Math.max(LEAST_TRANSCRIBED_MS, Math.ceil(seconds * 1000)),
      },
      'input_cost_per_second',
    )
  }

  /** What a transcription of it that told nothing has probably used. */
  reckonedTranscript(): Usage {
    const seconds = this.#unheardBytes / this.#bytesPerSecond
    return {
      ...noUsage,
      inputAudioTokens: Math.ceil((seconds * TOKENS_PER_SECOND) / 2),
      outputTokens: Math.ceil(seconds * 3),
      inputAudioMs: Math.ceil(seconds * 1000),
    }
  }

  /** What a response that told nothing has probably used: what there was to read, and what was heard of it. */
  reckoned(written: { readonly textChars: number; readonly audioBytes: number }): Usage {
    const sum = (kind: keyof Tokens) => Math.ceil(this.#known[kind] + this.#since[kind])
    return {
      ...noUsage,
      inputTokens: sum('text') + Math.ceil(this.#settingsBytes / 4),
      inputAudioTokens: sum('audio'),
      inputImageTokens: sum('image'),
      outputTokens: Math.ceil(written.textChars / 4),
      outputAudioTokens: Math.ceil((written.audioBytes / this.#bytesPerSecond) * TOKENS_PER_SECOND),
    }
  }

  #item(item: unknown, into: Tokens): void {
    const { content, ...rest } = fields(item)
    into.text += valueBytes(rest) + TOKENS_PER_ITEM
    for (const part of list(content)) {
      const { type, audio, image_url, detail, ...more } = fields(part)
      into.text += valueBytes(more)
      if (typeof audio === 'string')
        into.audio += (base64Bytes(audio) / this.#bytesPerSecond) * TOKENS_PER_SECOND + TOKENS_PER_ITEM
      if (type === 'input_image' || image_url !== undefined)
        into.image += mostImageTokens(this.#deployment.model, detail)
    }
  }

  /** Who says only what is to change may make it larger at once; smaller it is once the vendor says so. */
  #settings(session: Fields, isWhole: boolean): void {
    const bytes = utf8Bytes(JSON.stringify(session))
    this.#settingsBytes = isWhole ? bytes : this.#settingsBytes + bytes
    this.#isOpaque = (!isWhole && this.#isOpaque) || isOpaqueIn(session)
    const rate = bytesPerSecondIn(session)
    if (rate !== undefined) this.#bytesPerSecond = isWhole ? rate : Math.min(rate, this.#bytesPerSecond)
    const all = longestOf(this.#deployment)
    const most = maximumIn(session, all)
    if (isWhole) this.#outputTokens = most ?? all
    else if (most !== undefined) this.#outputTokens = Math.max(most, this.#outputTokens)
    const speaks = speaksIn(session)
    if (speaks !== undefined) this.#speaks = isWhole ? speaks : speaks || this.#speaks
    const turns = answersItselfIn(session)
    if (turns !== undefined) this.#answersItself = isWhole ? turns : turns || this.#answersItself
    const transcription = transcriptionIn(session)
    if (isFields(transcription)) this.#transcribes = { ...this.#transcribes, ...transcription }
    else if (isWhole && transcription === null) this.#transcribes = undefined
  }
}

/** Both versions of a session's words: `audio.input.…` now, and flat before (`OpenAI-Beta: realtime=v1`). */
const listening = (session: Fields) => fields(fields(session.audio).input)

/** A vendor reads one of both words; who says both cannot be understood. */
export function saysTwice(session: Fields): boolean {
  return listening(session).transcription !== undefined && session.input_audio_transcription !== undefined
}

/** Undefined where nothing is said of it, null where nothing is to be written down. */
export function transcriptionIn(session: Fields): unknown {
  const { transcription } = listening(session)
  return transcription === undefined ? session.input_audio_transcription : transcription
}

function answersItselfIn(session: Fields): boolean | undefined {
  const { turn_detection: nested } = listening(session)
  const turns = nested === undefined ? session.turn_detection : nested
  if (turns === undefined) return undefined
  // Silence that lasts too long is answered even where turns are not.
  return isFields(turns) && (turns.create_response !== false || typeof turns.idle_timeout_ms === 'number')
}

function bytesPerSecondIn(session: Fields): number | undefined {
  const { format } = listening(session)
  const named = format === undefined ? session.input_audio_format : (fields(format).type ?? format)
  if (named === undefined) return undefined
  return named === 'pcm16' || named === 'audio/pcm' ? PCM_BYTES_PER_SECOND : LEAST_BYTES_PER_SECOND
}

/** The longest answer that is asked for, under both names of it; undefined where nothing is said, as long as can be for what is no length. */
function maximumIn(asked: Fields, longest: number): number | undefined {
  const said = [asked.max_output_tokens, asked.max_response_output_tokens].filter((one) => one !== undefined)
  if (said.length === 0) return undefined
  return Math.max(...said.map((one) => (typeof one === 'number' && one >= 1 ? Math.ceil(one) : longest)))
}

function speaksIn({ output_modalities, modalities }: Fields): boolean | undefined {
  const said = [output_modalities, modalities].filter((one) => Array.isArray(one))
  return said.length === 0 ? undefined : said.some((one) => one.includes('audio'))
}

/** What is kept at the vendor, or fetched by it, cannot be measured here. */
function isOpaqueIn({ prompt, tools }: Fields): boolean {
  return isFields(prompt) || list(tools).some((tool) => fields(tool).type === 'mcp')
}

/** Other instructions or tools are bounded by those of the session, which are reckoned beside what was read. */
const isAside = ({ input, prompt, conversation }: Fields) =>
  Array.isArray(input) || isFields(prompt) || (conversation ?? 'auto') !== 'auto'

function withoutInput({ input: _, ...rest }: Fields): Fields {
  return rest
}

function longestOf({ maxOutputTokens }: Deployment): number {
  return maxOutputTokens ?? LONGEST_ANSWER
}
