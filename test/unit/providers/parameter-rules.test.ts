import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { worstCase } from '../../../src/operations/chat.ts'
import { anthropic } from '../../../src/providers/anthropic.ts'
import { bedrock } from '../../../src/providers/bedrock.ts'
import { gemini } from '../../../src/providers/gemini.ts'
import { groq } from '../../../src/providers/groq.ts'
import { mistral } from '../../../src/providers/mistral.ts'
import { ollama } from '../../../src/providers/ollama.ts'
import { openai } from '../../../src/providers/openai.ts'
import { ruledBy, withoutParams } from '../../../src/providers/parameter-rules.ts'
import type { Target } from '../../../src/providers/provider.ts'
import type { Vendor } from '../../../src/providers/translator.ts'

const messages = [{ role: 'user', content: 'Hi' }]
const target: Target = { model: 'm', apiKey: 'k', extraHeaders: {}, params: {}, aws: { region: 'us-east-1' } }

/** The body that is sent, by the rules of both. */
function sent(vendor: Vendor, request: object, rules: Partial<Target> = {}): Record<string, unknown> {
  const ruled = ruledBy<ChatRequest, Target>({ model: 'g', messages, ...request }, { ...target, ...rules })
  return JSON.parse(vendor.chat(ruled.request, ruled.target).body)
}

describe('paths of additional_drop_params', () => {
  const body = {
    model: 'm',
    messages,
    seed: 1,
    response_format: { type: 'json_schema', json_schema: { name: 'a', strict: true } },
    tools: [{ function: { name: 'a', strict: true } }, { function: { name: 'b' } }],
  }

  it.each([
    [['seed'], { ...body, seed: undefined }],
    [
      ['response_format.json_schema.strict'],
      { ...body, response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
    ],
    [['tools[*].function.strict'], { ...body, tools: [{ function: { name: 'a' } }, { function: { name: 'b' } }] }],
    [['tools[1].function.name'], { ...body, tools: [body.tools[0], { function: {} }] }],
    [['tools[0]'], { ...body, tools: [body.tools[1]] }],
    [['nothing.here', 'seed.deeper', 'tools.name', ''], body],
    [['model', 'messages[*].content'], body],
  ])('%j', (paths, left) => {
    const before = structuredClone(body)
    expect(withoutParams(body, paths)).toEqual(left)
    expect(body).toEqual(before)
  })

  it('are total: whatever they and the body are, what no path names stays', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.string()), (given, paths) => {
        const left = withoutParams(given, paths)
        for (const name of Object.keys(given)) {
          if (!paths.some((path) => path.includes(name) || path.includes('*'))) expect(left[name]).toEqual(given[name])
        }
      }),
    )
  })
})

describe('rules', () => {
  it('cost nothing where there are none', () => {
    const request = { model: 'm', messages, drop_params: false }
    const ruled = ruledBy(request, target)
    expect(ruled.request).toBe(request)
    expect(ruled.target).toBe(target)
  })

  it.each<[string, Vendor]>([
    ['mistral', mistral],
    ['anthropic', anthropic],
    ['gemini', gemini],
    ['bedrock', bedrock],
    ['ollama', ollama],
  ])('%s names what it has no word for, unless told to drop it, or to send it', (_, vendor) => {
    const request = { logit_bias: { 1: 2 } }
    expect(() => sent(vendor, request)).toThrow(
      expect.objectContaining({ kind: 'invalid_request', details: { param: 'logit_bias' } }),
    )
    const dropped = sent(vendor, {})
    expect(sent(vendor, { ...request, drop_params: true })).toEqual(dropped)
    expect(sent(vendor, request, { dropParams: true })).toEqual(dropped)
    expect(sent(vendor, { ...request, additional_drop_params: ['logit_bias'] })).toEqual(dropped)
    expect(sent(vendor, request, { additionalDropParams: ['logit_bias'] })).toEqual(dropped)
    for (const body of [
      sent(vendor, { ...request, allowed_openai_params: ['logit_bias'] }),
      sent(vendor, request, { allowedOpenaiParams: ['logit_bias'], dropParams: true }),
    ])
      expect(JSON.stringify(body)).toContain('"logit_bias":{"1":2}')
  })

  it('of the deployment and of the request add up, also over the params of the file', () => {
    const rules = { additionalDropParams: ['seed'], params: { seed: 1, user: 'u', top_p: 0.5 } }
    expect(sent(openai, { temperature: 1, seed: 2, additional_drop_params: ['user', 'temperature'] }, rules)).toEqual({
      model: 'm',
      messages,
      top_p: 0.5,
    })
  })

  it('never speak to the vendor themselves', () => {
    const body = sent(groq, { drop_params: true, additional_drop_params: ['x'], allowed_openai_params: ['y'] })
    expect(body).toEqual({ model: 'm', messages })
  })

  it('count in the worst case: a maximum that is dropped bounds nothing', () => {
    const deployment: Deployment = {
      id: 'd',
      group: 'g',
      provider: 'openai',
      model: 'm',
      mode: 'chat',
      params: { max_tokens: 5 },
      maxOutputTokens: 1000,
      price: { input: 0, output: 1000 },
    }
    const request = { model: 'g', messages }
    expect(worstCase(request, deployment).costNano).toBe(5n)
    expect(worstCase(request, { ...deployment, additionalDropParams: ['max_tokens'] }).costNano).toBe(1000n)
    expect(worstCase({ ...request, additional_drop_params: ['max_tokens'] }, deployment).costNano).toBe(1000n)
  })
})
