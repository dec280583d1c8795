import * as z from 'zod'

const delayMs = z.number().min(0).max(600_000)
const limits = {
  /** Only requests whose `METHOD /path` contains this. */
  match: z.string().optional(),
  /** How many requests it hits before it is spent; absent means until cleared. */
  count: z.int().min(1).optional(),
  /** The share of matching requests that it hits. */
  rate: z.number().min(0).max(1).optional(),
}
/** `request`: the work never happens. `answer`: it is done, and its answer is lost. */
const moment = z.enum(['request', 'answer']).default('request')
/** Lets this much of the answer's body through first (so the work is done). */
const afterBytes = z.int().min(0).optional()

/** One thing that goes wrong on purpose. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('latency'), delayMs, jitterMs: delayMs.default(0), ...limits }),
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().default('{"error":{"message":"injected fault","type":"server_error"}}'),
    moment,
    ...limits,
  }),
  z.strictObject({ kind: z.literal('drop'), moment, afterBytes, ...limits }),
  z.strictObject({ kind: z.literal('half-open'), moment, afterBytes, ...limits }),
  z.strictObject({ kind: z.literal('slow'), bytesPerSecond: z.number().positive(), ...limits }),
])

export type Fault = z.infer<typeof faultSchema>
export type FaultInput = z.input<typeof faultSchema>
export type Ending = Extract<Fault, { kind: 'status' | 'drop' | 'half-open' }>

/** What one request has to suffer: all delays, the slowest pace, and the first ending that hit. */
export interface Ordeal {
  readonly delayMs: number
  readonly bytesPerSecond?: number
  readonly ending?: Ending
}

/** The faults of one endpoint. Chance is an argument, so a seeded test sees the same faults each time. */
export class Faults {
  readonly #random: () => number
  #active: { fault: Fault; hits: number }[] = []

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Active from the next request on, beside those already there. */
  add(...faults: FaultInput[]): void {
    for (const fault of faults) this.#active.push({ fault: faultSchema.parse(fault), hits: 0 })
  }

  clear(): void {
    this.#active = []
  }

  list(): readonly { readonly fault: Fault; readonly hits: number }[] {
    return this.#active
  }

  /** Decides what the request `METHOD /path` suffers, and counts it. */
  draw(request: string): Ordeal {
    let delayMs = 0
    let bytesPerSecond: number | undefined
    let ending: Ending | undefined
    for (const entry of this.#active) {
      const { fault } = entry
      if (fault.count !== undefined && entry.hits >= fault.count) continue
      if (fault.match !== undefined && !request.includes(fault.match)) continue
      const ends = fault.kind === 'status' || fault.kind === 'drop' || fault.kind === 'half-open'
      if (ends && ending !== undefined) continue
      if (fault.rate !== undefined && this.#random() >= fault.rate) continue
      entry.hits += 1
      if (fault.kind === 'latency') delayMs += fault.delayMs + fault.jitterMs * this.#random()
      else if (fault.kind === 'slow') bytesPerSecond = Math.min(bytesPerSecond ?? Infinity, fault.bytesPerSecond)
      else ending = fault
    }
    return {
      delayMs,
      ...(bytesPerSecond !== undefined && { bytesPerSecond }),
      ...(ending !== undefined && { ending }),
    }
  }
}
