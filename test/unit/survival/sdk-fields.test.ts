import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { type DialectName, type Family, families } from './families.ts'
import { anthropic, gemini, openai, responses } from './sdk-fields.ts'
import { sent } from './sent.ts'

// Every field of the official SDKs, to every family: it changes what the vendor gets, or is refused by a name, or is one of
// those that change no answer. Nothing is lost in silence.

/** What says nothing about an answer: who asks, what a cache should know, what a vendor may keep. */
const HINTS = ['user', 'safety_identifier', 'metadata', 'prompt_cache_key', 'prompt_cache_retention', 'store']

/** What is said elsewhere than in the body, or is so already. */
const ELSEWHERE: Readonly<Record<string, readonly Family[]>> = {
  // One's own machine has no tiers; on Vertex AI a tier is a header, and Google's own is the standard one.
  service_tier: ['ollama', 'vertex_ai', 'gemini'],
  serviceTier: ['ollama', 'vertex_ai'],
  // A header.
  betas: families,
  // Hints to Anthropic's cache and support.
  cache_control: families,
  diagnostics: families,
  // Hints to OpenAI's cache, labels on Google's bills.
  prompt_cache_options: families,
  labels: families,
  // The gateway's own word, as LiteLLM has it.
  fallbacks: families,
}

function without(said: object, field: string): object {
  const name = field in said ? field : 'generationConfig'
  return Object.fromEntries(Object.entries(said).filter(([other]) => other !== name))
}

function arrives(dialect: DialectName, family: Family, field: string, said: object): 'carried' | 'lost' | 'refused' {
  try {
    const body = JSON.stringify(sent(dialect, family, said))
    return body === JSON.stringify(sent(dialect, family, without(said, field))) ? 'lost' : 'carried'
  } catch (refusal) {
    expect(refusal).toBeInstanceOf(GatewayError)
    expect(refusal).toMatchObject({ kind: 'invalid_request', details: { param: expect.any(String) } })
    expect(sent(dialect, family, said, true)).toBeTypeOf('object')
    return 'refused'
  }
}

const fields = { openai, anthropic, responses, gemini } as const

describe.each(['openai', 'anthropic', 'responses', 'gemini'] as const)('in %s', (dialect) => {
  const all = (Object.entries(fields[dialect]) as [string, object][]).filter(([field]) => !HINTS.includes(field))
  it.each(all)('%s', (field, said) => {
    const lost = families.filter((family) => arrives(dialect, family, field, said) === 'lost')
    expect(lost.filter((family) => !ELSEWHERE[field]?.includes(family))).toEqual([])
  })
})

/** The words at the top of a body that a vendor's own reference has. */
const OWN: Readonly<Partial<Record<Family, readonly string[]>>> = {
  openai: ['model', 'messages', 'stream', 'stream_options', ...Object.keys(openai)],
  responses: ['model', 'input', 'stream', 'stream_options', 'store', ...Object.keys(responses)],
  anthropic: ['model', 'messages', 'stream', 'temperature', 'top_p', 'top_k', ...Object.keys(anthropic)],
  gemini: [
    ...['contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'safetySettings', 'cachedContent'],
    ...['labels', 'serviceTier', 'modelArmorConfig', 'store'],
  ],
}

describe.each(['openai', 'responses', 'anthropic', 'gemini'] as const)('what reaches %s', (family) => {
  const others = (Object.keys(fields) as DialectName[]).filter((dialect) => dialect !== family)
  const all = others.flatMap((dialect) =>
    Object.entries(fields[dialect]).map(([field, said]) => [dialect, field, said as object] as const),
  )
  it.each(all)('of what is said in %s as %s is its own words', (dialect, _, said) => {
    expect(OWN[family]).toEqual(expect.arrayContaining(Object.keys(sent(dialect, family, said, true))))
  })
})
