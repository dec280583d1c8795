import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { translate } from '../../../src/gateway/translate.ts'
import { splitterOf } from '../../../src/operations/chat-tongue.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { vendorFor } from '../../../src/providers/registry.ts'
import type { Vendor } from '../../../src/providers/translator.ts'
import { chatMeter } from '../../../src/streams/meter.ts'
import { relay } from '../../../src/streams/relay.ts'
import type { StreamFacts, Telling } from '../../../src/streams/telling.ts'
import type { VendorAnswer } from './answer.ts'
import { asking, ears, type Heard, type HeardBySome } from './heard.ts'

export const reading = { id: 'chatcmpl-ours', createdSeconds: 7, request: asking }

export function vendorOf(model: string): Vendor {
  const slash = model.indexOf('/')
  const vendor = vendorFor({ provider: model.slice(0, slash), model: model.slice(slash + 1), mode: 'chat' })
  if (!vendor) throw new Error(`no vendor for ${model}`)
  return vendor
}

export interface Told {
  readonly how: 'complete' | 'cut'
  readonly error?: string
  readonly bytes: Uint8Array
  readonly facts: StreamFacts
}

const sourceOf = (pieces: readonly Uint8Array[]) => {
  const left = [...pieces]
  return {
    read: async () => {
      const value = left.shift()
      return value === undefined ? { done: true } : { done: false, value }
    },
    cancel: async () => {},
  }
}

async function toEnd(telling: Telling): Promise<Told> {
  const bytes: Uint8Array[] = []
  for (;;) {
    const step = await telling.next()
    bytes.push(...step.bytes)
    if (step.over) return { ...step.over, bytes: Buffer.concat(bytes), facts: telling.facts() }
  }
}

/** A vendor's stream as a caller of another dialect gets it. */
export function translated(pieces: readonly Uint8Array[], model: string, ear: string): Promise<Told> {
  const vendor = vendorOf(model)
  const printer = ears[ear]!.dialect.printer(asking)
  const splitter = splitterOf({ provider: vendor })
  return toEnd(
    translate(sourceOf(pieces), { splitter, reader: vendor.reader(reading), printer, estimate: () => noUsage }),
  )
}

/** A vendor's stream as a caller of its own dialect gets it. */
export function passed(pieces: readonly Uint8Array[], model: string): Promise<Told> {
  const vendor = vendorOf(model)
  if (vendor.dialect !== openaiChat.name) {
    const splitter = splitterOf({ provider: vendor })
    return toEnd(translate(sourceOf(pieces), { splitter, reader: vendor.reader(reading), estimate: () => noUsage }))
  }
  const meter = chatMeter({ group: asking.model, showUsage: true, usage: vendor.usage })
  return toEnd(relay(sourceOf(pieces), meter))
}

const NOTHING: Heard = { text: '', thought: '', calls: [], urls: [], input: 0, output: 0, ended: 'stop' }

/** What a client of this dialect must hear of an answer: all of it but what its dialect has no word for. */
export function expected({ heard, streamed, refused, shown }: VendorAnswer, ear: string, isStream = true): Heard {
  const ended = refused && (ear === 'anthropic' || ear === 'gemini') ? { ended: 'filter' as const } : {}
  const all: Heard = { ...NOTHING, ...heard, ...(isStream && streamed), ...ended, ...shown?.[ear] }
  const deaf: readonly string[] = ears[ear]!.deaf
  const able = Object.entries(all).filter(([what]) => !deaf.includes(what))
  return { ...(Object.fromEntries(able) as unknown as Heard), ...cachedFor(ear, all.cached) }
}

/** Responses do not say for how long something was written to the cache, and Gemini only says what was read. */
function cachedFor(ear: string, cached: HeardBySome['cached']): HeardBySome {
  if (cached === undefined || ear === 'openai' || ear === 'anthropic') return {}
  const [read, written, hour] = cached
  if (ear === 'responses') return { cached: [read, written + hour, 0] }
  return { cached: [read, 0, 0] }
}
