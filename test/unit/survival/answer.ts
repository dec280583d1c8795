import type { VendorEvent } from '../../../src/providers/translator.ts'
import type { Heard } from './heard.ts'

/** An answer as a vendor's public reference shows it, whole or streamed, and what any client must hear of it. */
export interface VendorAnswer {
  /** `provider/model`, as an operator writes it. */
  readonly model: string
  readonly what: string
  readonly whole?: object
  readonly stream?: readonly VendorEvent[]
  readonly heard: Partial<Heard>
  /** What is heard otherwise of the stream. */
  readonly streamed?: Partial<Heard>
  /** OpenAI's refusals end like any other answer; other dialects have an end of their own for them. */
  readonly refused?: true
  /** Where it ends, only [DONE] or the end of the connection tells. */
  readonly vague?: true
  /** What the clients of one dialect hear otherwise. */
  readonly shown?: Readonly<Record<string, Partial<Heard>>>
}

export const data = (body: object): VendorEvent => ({ data: JSON.stringify(body) })
export const typed = (body: { readonly type: string }): VendorEvent => ({
  event: body.type,
  data: JSON.stringify(body),
})
export const done: VendorEvent = { data: '[DONE]' }
