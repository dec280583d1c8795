import { describe, expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import { type Fields, fields, isFields } from '../../../src/dialects/loose-json.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { GatewayError } from '../../../src/errors.ts'
import { upstreamOf } from '../../../src/operations/chat-tongue.ts'
import { vendorFor } from '../../../src/providers/registry.ts'
import { type Asked, all, type Family, models, smallest } from './asked.ts'

// Every thing that callers can say, in every dialect that has words for it, to every vendor: where it arrives, or by which
// name it is refused. Nothing is lost between.

const dialects = { openai: openaiChat, anthropic, responses, gemini } as const
type DialectName = keyof typeof dialects

function sent(dialect: Dialect, family: Family, said: object, dropParams = false): Fields {
  const [provider = '', ...rest] = models[family].split('/')
  const model = rest.join('/')
  const vendor = vendorFor({ provider, model, mode: 'chat' })
  if (!vendor) throw new Error(`no vendor for ${models[family]}`)
  const body = { ...smallest[dialect.name as DialectName], ...said }
  const request = dialect.parse(body, { model: 'm' })
  const aws = { region: 'us-east-1', accessKeyId: 'AKIA', secretAccessKey: 's' }
  const target = { model, apiKey: 'sk', extraHeaders: {}, params: {}, aws, ...(dropParams && { dropParams }) }
  const asking = { call: { dialect, body, request }, provider: vendor, request, target }
  return JSON.parse(upstreamOf(asking as unknown as Parameters<typeof upstreamOf>[0]).body)
}

/** Whether all of the fragment stands in the value; lists may have more between. */
function holds(value: unknown, fragment: unknown): boolean {
  if (Array.isArray(fragment)) {
    if (!Array.isArray(value)) return false
    let from = 0
    return fragment.every((one) => {
      const at = value.findIndex((other, index) => index >= from && holds(other, one))
      from = at + 1
      return at >= 0
    })
  }
  if (!isFields(fragment)) return Object.is(value, fragment)
  return isFields(value) && Object.entries(fragment).every(([name, one]) => holds(value[name], one))
}

function hasIt(value: unknown, fragment: object): boolean {
  if (holds(value, fragment)) return true
  return typeof value === 'object' && value !== null && Object.values(value).some((one) => hasIt(one, fragment))
}

const native: Readonly<Partial<Record<Family, DialectName>>> = {
  openai: 'openai',
  responses: 'responses',
  anthropic: 'anthropic',
  gemini: 'gemini',
}

/** What OpenAI's servers, and those that are as strict, refuse as unknown. */
const FOREIGN = /"(is_error|cache_control|thinking_blocks|citations|context|provider_specific_fields|input_schema)":/
const STRICT: readonly string[] = ['openai', 'responses', 'mistral']

type Row = readonly [dialect: DialectName, family: Family, fragments: readonly object[]]

function rowsOf({ in: said, arrives }: Asked): Row[] {
  return Object.entries(said).flatMap(([dialect, words]) =>
    Object.entries(arrives).map(([family, fragment]): Row => {
      // What a vendor's own dialect says goes as it is.
      const own = native[family as Family] === dialect
      const fragments = own ? [words] : Array.isArray(fragment) ? fragment : [fragment]
      return [dialect as DialectName, family as Family, fragments]
    }),
  )
}

describe.each(all)('$what', (asked) => {
  it.each(rowsOf(asked))('said in %s arrives at %s', (dialect, family, fragments) => {
    const body = sent(dialects[dialect], family, fields(asked.in[dialect]))
    expect(
      fragments.filter((fragment) => !hasIt(body, fragment)),
      JSON.stringify(body),
    ).toEqual([])
    if (STRICT.includes(family) && native[family] !== dialect) expect(JSON.stringify(body)).not.toMatch(FOREIGN)
  })

  const refusals = Object.entries(asked.refused ?? {}).flatMap(([family, param]) =>
    Object.keys(asked.in).map((dialect) => [dialect as DialectName, family as Family, param] as const),
  )
  it.each(refusals)('said in %s is refused for %s by its name', (dialect, family, param) => {
    const said = fields(asked.in[dialect])
    try {
      sent(dialects[dialect], family, said)
    } catch (refusal) {
      expect(refusal).toBeInstanceOf(GatewayError)
      expect(refusal).toMatchObject({ kind: 'invalid_request', details: { param } })
      // What is content and no parameter cannot be dropped.
      if (!param.includes('[')) expect(Object.keys(sent(dialects[dialect], family, said, true))).not.toContain(param)
      return
    }
    expect.unreachable('it was not refused')
  })
})
