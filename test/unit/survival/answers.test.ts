import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fields } from '../../../src/dialects/loose-json.ts'
import { splitterOf } from '../../../src/operations/chat-tongue.ts'
import { vendorFor } from '../../../src/providers/registry.ts'
import type { Vendor, VendorEvent } from '../../../src/providers/translator.ts'
import '../../support/seed.ts'
import type { VendorAnswer } from './answer.ts'
import { anthropicAnswers } from './anthropic-answers.ts'
import { bedrockAnswers, ollamaAnswers } from './bedrock-answers.ts'
import { googleAnswers } from './google-answers.ts'
import { asking, ears, type Heard } from './heard.ts'
import { openaiAnswers } from './openai-answers.ts'
import { responsesAnswers } from './responses-answers.ts'

// What vendors are documented to answer beside plain words, told to the clients of every dialect: nothing is thrown, no word
// and no token is lost, whatever the dialect has no name for.

const NOTHING: Heard = { text: '', thought: '', calls: [], urls: [], input: 0, output: 0, ended: 'stop' }
const reading = { id: 'chatcmpl-ours', createdSeconds: 7, request: asking }

function vendorOf(model: string): Vendor {
  const slash = model.indexOf('/')
  const vendor = vendorFor({ provider: model.slice(0, slash), model: model.slice(slash + 1), mode: 'chat' })
  if (!vendor) throw new Error(`no vendor for ${model}`)
  return vendor
}

function bytesOf(events: readonly VendorEvent[], { framing }: Vendor): Uint8Array {
  const text = events.map(({ event, data }) =>
    framing === 'ndjson' ? `${data}\n` : `${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`,
  )
  return new TextEncoder().encode(text.join(''))
}

/** The vendor's events, out of bytes that the network cut anywhere. Frames with lengths and checksums have their own tests. */
function arrived(events: readonly VendorEvent[], vendor: Vendor, cuts: readonly number[]): readonly VendorEvent[] {
  if (vendor.framing === 'aws-event-stream') return events
  const bytes = bytesOf(events, vendor)
  const places = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), bytes.length]
  const splitter = splitterOf({ provider: vendor })
  return [...places.slice(1).flatMap((to, at) => splitter.push(bytes.subarray(places[at], to))), ...splitter.end()]
}

function streamed({ model, stream = [] }: VendorAnswer, ear: string, cuts: readonly number[]): Heard {
  const { dialect, streamed: heard } = ears[ear]!
  const vendor = vendorOf(model)
  const reader = vendor.reader(reading)
  const printer = dialect.printer(asking)
  const said = arrived(stream, vendor, cuts).flatMap((event) => reader.read(event).map((chunk) => printer.print(chunk)))
  expect({ complete: reader.complete, error: reader.error, malformed: reader.malformed }).toEqual({
    complete: true,
    error: undefined,
    malformed: 0,
  })
  return heard(Buffer.concat([...said, printer.end()].map((one) => one ?? new Uint8Array())))
}

const answers: readonly VendorAnswer[] = [
  ...anthropicAnswers,
  ...openaiAnswers,
  ...responsesAnswers,
  ...googleAnswers,
  ...bedrockAnswers,
  ...ollamaAnswers,
]

function expected({ heard, refused }: VendorAnswer, ear: string): Heard {
  const ended = refused && (ear === 'anthropic' || ear === 'gemini') ? { ended: 'filter' as const } : {}
  return { ...NOTHING, ...heard, ...ended }
}

describe.each(Object.keys(ears))('a client of %s hears', (ear) => {
  it.each(answers.filter(({ whole }) => whole))('$model: $what', (answer) => {
    const { dialect, whole: hear } = ears[ear]!
    const said = vendorOf(answer.model).completion(answer.whole, reading)
    expect(hear(fields(JSON.parse(JSON.stringify(dialect.completion(said, asking)))))).toEqual(expected(answer, ear))
  })

  it.each(answers.filter(({ stream }) => stream))('$model: $what, in pieces cut anywhere', (answer) => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { maxLength: 12 }), (cuts) => {
        expect(streamed(answer, ear, cuts)).toEqual(expected(answer, ear))
      }),
      { numRuns: 5 },
    )
  })
})
