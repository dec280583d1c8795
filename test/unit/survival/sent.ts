import { anthropic } from '../../../src/dialects/anthropic.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import type { Fields } from '../../../src/dialects/loose-json.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { upstreamOf } from '../../../src/operations/chat-tongue.ts'
import { vendorFor } from '../../../src/providers/registry.ts'
import type { Vendor } from '../../../src/providers/translator.ts'
import { type DialectName, type Family, models, smallest } from './families.ts'

export const dialects: Readonly<Record<DialectName, Dialect>> = { openai: openaiChat, anthropic, responses, gemini }

export function vendorOf(family: Family): { readonly vendor: Vendor; readonly model: string } {
  const [provider = '', ...rest] = models[family].split('/')
  const model = rest.join('/')
  const vendor = vendorFor({ provider, model, mode: 'chat' })
  if (!vendor) throw new Error(`no vendor for ${models[family]}`)
  return { vendor, model }
}

/** The body that a vendor gets when a caller of that dialect adds this to the smallest request. */
export function sent(name: DialectName, family: Family, said: object, dropParams = false): Fields {
  const { vendor, model } = vendorOf(family)
  const dialect = dialects[name]
  const body = { ...smallest[name], ...said }
  const request = dialect.parse(body, { model: 'm' })
  const target = {
    model,
    apiKey: 'sk',
    extraHeaders: {},
    params: {},
    aws: { region: 'us-east-1', accessKeyId: 'AKIA', secretAccessKey: 's' },
    vertex: { project: 'p', location: 'us-east5' },
    ...(['azure', 'hosted_vllm'].includes(family) && { apiBase: 'https://x.test' }),
    ...(dropParams && { dropParams }),
  }
  const asking = { call: { dialect, body, request }, provider: vendor, request, target }
  return JSON.parse(upstreamOf(asking as unknown as Parameters<typeof upstreamOf>[0]).body)
}
