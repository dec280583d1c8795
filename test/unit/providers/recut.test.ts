import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { completions } from '../../../src/dialects/completions.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { gemini, geminiArray } from '../../../src/dialects/gemini.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { splitterOf } from '../../../src/operations/chat-tongue.ts'
import { vendorFor } from '../../../src/providers/registry.ts'
import type { Vendor } from '../../../src/providers/translator.ts'
import { families } from '../../support/vendors/families.ts'
import { CLOCK, type Said, TEXT, THOUGHT, WEATHER } from '../../support/vendors/words.ts'

const dialects: Readonly<Record<string, Dialect>> = {
  openai: openaiChat,
  completions,
  responses,
  anthropic,
  gemini,
  'gemini as an array': geminiArray,
}
const request: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', content: 'Hi' }],
  stream: true,
  stream_options: { include_usage: true },
}
const whatIsSaid: readonly Said[] = [
  { text: TEXT },
  { thought: THOUGHT, text: TEXT },
  { thought: THOUGHT, calls: [WEATHER] },
  { text: TEXT, calls: [WEATHER, CLOCK] },
]

/** What a caller of this dialect gets, byte for byte, and how the stream is judged. */
function printed(vendor: Vendor, dialect: Dialect, cuts: readonly Uint8Array[]) {
  const reader = vendor.reader({ id: 'chatcmpl-ours', createdSeconds: 7, request })
  const splitter = splitterOf({ provider: vendor })
  const printer = dialect.printer(request)
  const events = [...cuts.flatMap((piece) => splitter.push(piece)), ...splitter.end()]
  const said = events.flatMap((event) => reader.read(event)).map((chunk) => printer.print(chunk))
  const bytes = [...said, printer.end()].map((one) => one ?? new Uint8Array())
  return {
    text: Buffer.concat(bytes).toString(),
    complete: reader.complete,
    error: reader.error,
    malformed: reader.malformed,
  }
}

/** The same stream in other clothes: other line ends, comments between events, cut anywhere, also inside a character. */
function recut(bytes: Buffer, vendor: Vendor, { end, cuts }: { end: string; cuts: readonly number[] }): Uint8Array[] {
  const dressed =
    vendor.framing === 'sse'
      ? Buffer.from(
          bytes.toString().replaceAll('\r\n', '\n').replaceAll('\n\n', '\n\n: still here\n\n').replaceAll('\n', end),
        )
      : bytes
  const places = [0, ...cuts.map((cut) => cut % dressed.length).toSorted((a, b) => a - b), dressed.length]
  return places.slice(1).map((to, at) => dressed.subarray(places[at], to))
}

const ways = fc.record({ end: fc.constantFrom('\n', '\r\n', '\r'), cuts: fc.array(fc.nat(20_000), { maxLength: 24 }) })

function holds(vendor: Vendor, bytes: Buffer): void {
  for (const [name, dialect] of Object.entries(dialects)) {
    const whole = printed(vendor, dialect, [bytes])
    fc.assert(
      fc.property(ways, (way) => {
        expect(printed(vendor, dialect, recut(bytes, vendor, way)), name).toEqual(whole)
      }),
      { numRuns: 10 },
    )
  }
}

function vendorOf(model: string): Vendor {
  const slash = model.indexOf('/')
  const vendor = vendorFor({ provider: model.slice(0, slash), model: model.slice(slash + 1), mode: 'chat' })
  if (!vendor) throw new Error(`no vendor for ${model}`)
  return vendor
}

describe.each(Object.entries(families))('a stream of %s', (_, family) => {
  it.each(whatIsSaid)('is printed the same in every dialect however it is cut: %j', (said) => {
    const vendor = vendorOf(String(family.params.model))
    const { bytes } = family.vendor.stream(said)
    expect(printed(vendor, openaiChat, [bytes])).toMatchObject({ complete: true, error: undefined, malformed: 0 })
    holds(vendor, bytes)
  })
})

const fixtures = [
  ['anthropic', 'anthropic/claude-sonnet-4-5'],
  ['gemini', 'gemini/gemini-2.5-flash'],
  ['responses', 'openai/responses/gpt-5'],
  ['streams', 'openai/gpt-4o'],
].flatMap(([folder = '', model = '']) => {
  const at = join(import.meta.dirname, '../../fixtures', folder)
  const names = readdirSync(at).filter(
    (name) => /stream\.txt$/.test(name) || (folder === 'streams' && /\.txt$/.test(name)),
  )
  return names.map((name) => ({ name: `${folder}/${name}`, file: join(at, name), model }))
})

// A stream that is cut short inside an event, or written in carriage returns, has no other clothes.
const bare = /cut-in|no-blank|usage-last-cr|empty\.txt|several-data/

it.each(fixtures.filter(({ name }) => !bare.test(name)))(
  '$name is printed the same however it is cut',
  ({ file, model }) => {
    holds(vendorOf(model), readFileSync(file))
  },
)
