import { readFileSync } from 'node:fs'
import { createParser } from 'eventsource-parser'
import type { ChatChunk, ChatRequest } from '../../../src/dialects/chat.ts'
import type { Target } from '../../../src/providers/provider.ts'
import type { ChunkReader, Reading, VendorEvent } from '../../../src/providers/translator.ts'

export const target: Target = { model: 'gemini-2.5-flash', apiKey: 'AIza-test', extraHeaders: {}, params: {} }
export const newest: Target = { ...target, model: 'gemini-3-pro-preview' }
export const request: ChatRequest = { model: 'smart', messages: [{ role: 'user', content: 'Hi' }] }
export const reading: Reading = { id: 'chatcmpl-1', createdSeconds: 1_700_000_000, request }

const file = (name: string) => readFileSync(new URL(`../../fixtures/gemini/${name}`, import.meta.url))

export const streamOf = (name: string) => new Uint8Array(file(`${name}.stream.txt`))
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they please
export const answerOf = (name: string): any => JSON.parse(file(`${name}.answer.json`).toString())
export const errors: { what: string; status: number; body: unknown; failure: object }[] = JSON.parse(
  file('errors.json').toString(),
)

/** The events of a stream, however it is cut. */
export function eventsOf(chunks: readonly Uint8Array[]): VendorEvent[] {
  const events: VendorEvent[] = []
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ ...(event !== undefined && { event }), data }),
  })
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
  parser.reset({ consume: true })
  return events
}

export function readAll(reader: ChunkReader, chunks: readonly Uint8Array[]): ChatChunk[] {
  return eventsOf(chunks).flatMap((event) => reader.read(event))
}

/** The same bytes, cut at these places. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % bytes.length))].toSorted((a, b) => a - b)
  return [...at, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : at[i - 1], end))
}
