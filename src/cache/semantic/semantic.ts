import * as z from 'zod'
import type { Clock } from '../../clock.ts'
import { type Refusal, refusal } from '../guard/guard.ts'
import type { Neighbour, Place, VectorStore } from './port.ts'
import type { Position } from './position.ts'
import { distanceOf, type ShadowRecord } from './shadow.ts'

export interface SemanticSettings {
  /** The cosine from which on two questions are alike. */
  readonly threshold: number
  /** How long a request waits for the whole look-up, its embedding included. */
  readonly timeoutMs: number
  /** How many of the nearest are looked at. */
  readonly nearest: number
  /** Answers nothing: `watch` after the answer takes the place of `look` before it. */
  readonly shadow: boolean
}

export const semanticDefaults = { threshold: 0.92, timeoutMs: 300, nearest: 5, shadow: false }

/** In shadow mode neighbours this much further away are looked at as well, so that the report knows lower thresholds. */
const SHADOW_BELOW = 0.15
/** Nobody waits for it then. */
const SHADOW_TIMEOUT_MS = 5_000
/** After a fault the store is left alone this long: an outage costs one deadline a second and not one a request. */
const PAUSE_MS = 1_000

export interface SemanticPorts {
  readonly store: VectorStore
  readonly clock: Clock
  readonly settings: SemanticSettings
  /** Seals what is written of a question, where the cache is encrypted. */
  readonly seal?: (text: string, place: string) => Promise<string>
  /** Undefined for what was sealed otherwise. */
  readonly open?: (text: string, place: string) => Promise<string | undefined>
  /** One line for the operator; never a question. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

export interface Look<T> {
  /** The vector of a text, charged to the caller; undefined when there is none to be had (money, a fault). */
  readonly embed: (text: string) => Promise<readonly number[] | undefined>
  /** The answer that the exact cache has under a key, as far as it may be given now. */
  readonly answerOf: (key: string) => Promise<T | undefined>
  /** Keeps work alive after the request. */
  readonly defer: (name: string, work: Promise<unknown>) => void
}

/** Why nothing was found. */
export type Miss = 'late' | 'no vector' | 'nothing near' | 'refused' | 'gone' | 'unavailable'

export type Found<T> =
  | { readonly kind: 'hit'; readonly answer: T; readonly key: string; readonly similarity: number }
  | {
      readonly kind: 'miss'
      readonly because: Miss
      /** Of the nearest, where there was one. */
      readonly similarity?: number
      readonly refusal?: Refusal
    }

export interface Looked<T> {
  readonly found: Found<T>
  /** For `remember`; it may come after the look-up was given up. */
  readonly vector: Promise<readonly number[] | undefined>
}

const note = z.object({ question: z.string(), key: z.string() })

export interface Semantic {
  /** Never throws, and never takes longer than its time: then, and after every fault, it is a miss. */
  look<T>(position: Position, look: Look<T>): Promise<Looked<T>>
  /** Shadow mode, deferred after a complete success: what would have been answered, and how far the real answer is from it. */
  watch<T>(position: Position, look: Look<T>, real: Real<T>): Promise<Watched>
  /** After a complete success, deferred: `key` is where the exact cache has the answer. */
  remember(position: Position, entry: Remembered): Promise<void>
}

export interface Real<T> {
  readonly real: T
  readonly textOf: (answer: T) => string
}

export interface Watched {
  /** Undefined when nothing could be seen. */
  readonly record: ShadowRecord | undefined
  readonly vector: Promise<readonly number[] | undefined>
}

export interface Remembered {
  readonly key: string
  readonly vector: Promise<readonly number[] | undefined>
  readonly ttlMs: number
}

/** Answers to questions that are as good as equal: the vectors say near, the guard says nothing against it. */
export function semantic({ store, clock, settings, warn, seal, open }: SemanticPorts): Semantic {
  let pausedUntilMs = 0

  function faulted(what: string, error: unknown): void {
    pausedUntilMs = clock() + PAUSE_MS
    warn('the semantic cache did not answer', { what, error: error instanceof Error ? error.name : typeof error })
  }

  async function search<T>(at: Located, look: Look<T>, signal: AbortSignal): Promise<Found<T>> {
    const { threshold: atLeast, nearest: most } = settings
    const near = await store.nearest(at.place, at.vector, { most, atLeast, nowMs: clock(), signal })
    const [closest] = near
    if (!closest) return { kind: 'miss', because: 'nothing near' }
    let missed: Found<T> = { kind: 'miss', because: 'gone', similarity: closest.similarity }
    for (const neighbour of near) {
      if (signal.aborted) break
      const { similarity } = neighbour
      const known = await noteOf(neighbour, at)
      const against = known && refusal(at.question, known.question)
      if (against !== undefined) missed = { kind: 'miss', because: 'refused', similarity, refusal: against }
      else if (known) {
        const answer = await answerOf(known.key, neighbour, at, look)
        if (answer !== undefined) return { kind: 'hit', answer, similarity, key: known.key }
      }
    }
    return missed
  }

  async function noteOf({ note: sealed }: Neighbour, { place }: Located): Promise<z.infer<typeof note> | undefined> {
    const text = open ? await open(sealed, place.index) : sealed
    return text === undefined ? undefined : note.safeParse(parsed(text)).data
  }

  /** A question whose answer is gone is forgotten as well. */
  async function answerOf<T>(key: string, { id }: Neighbour, at: Located, look: Look<T>): Promise<T | undefined> {
    const answer = await look.answerOf(key)
    if (answer === undefined)
      look.defer(
        'forget a question',
        store.remove(at.place, id).catch((error: unknown) => faulted('remove', error)),
      )
    return answer
  }

  /** The nearest that has an answer, whatever the guard says of it. */
  async function wouldBe<T>(at: Located, look: Look<T>, { real, textOf }: Real<T>): Promise<ShadowRecord> {
    const atLeast = Math.max(0, settings.threshold - SHADOW_BELOW)
    const signal = AbortSignal.timeout(SHADOW_TIMEOUT_MS)
    const near = await store.nearest(at.place, at.vector, { most: settings.nearest, atLeast, nowMs: clock(), signal })
    for (const neighbour of near) {
      const known = await noteOf(neighbour, at)
      const answer = known && (await answerOf(known.key, neighbour, at, look))
      if (!known || answer === undefined) continue
      const against = refusal(at.question, known.question)
      const distance = distanceOf(textOf(answer), textOf(real))
      return { similarity: neighbour.similarity, distance, ...(against !== undefined && { refusal: against }) }
    }
    return {}
  }

  return {
    async look<T>(position: Position, look: Look<T>): Promise<Looked<T>> {
      const nothing = (because: Miss): Found<T> => ({ kind: 'miss', because })
      if (clock() < pausedUntilMs) return { found: nothing('unavailable'), vector: Promise.resolve(undefined) }
      // What the embedding costs is settled by whoever makes it, so it is not broken off when the look-up is.
      const vector = look.embed(position.question).catch(() => undefined)
      look.defer('embed a question', vector)
      const deadline = new AbortController()
      const whole = vector.then((known): Found<T> | Promise<Found<T>> => {
        if (known === undefined) return nothing('no vector')
        if (deadline.signal.aborted) return nothing('late')
        return search(located(position, known), look, deadline.signal)
      })
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<Found<T>>((resolve) => {
        timer = setTimeout(() => {
          deadline.abort()
          resolve(nothing('late'))
        }, settings.timeoutMs)
      })
      const safe = whole.catch((error: unknown) => {
        if (deadline.signal.aborted) pausedUntilMs = clock() + PAUSE_MS
        else faulted('look', error)
        return nothing('unavailable')
      })
      const found = await Promise.race([safe, late])
      if (timer !== undefined) clearTimeout(timer)
      return { found, vector }
    },

    async watch(position, look, real) {
      const nothing = { record: undefined, vector: Promise.resolve(undefined) }
      if (clock() < pausedUntilMs) return nothing
      const vector = await look.embed(position.question).catch(() => undefined)
      if (vector === undefined) return nothing
      try {
        return { record: await wouldBe(located(position, vector), look, real), vector: Promise.resolve(vector) }
      } catch (error) {
        faulted('watch', error)
        return nothing
      }
    },

    async remember(position, { key, vector, ttlMs }) {
      const known = await vector
      if (known === undefined || clock() < pausedUntilMs) return
      const { place, question } = located(position, known)
      const text = JSON.stringify({ question, key })
      const nowMs = clock()
      try {
        const sealed = seal ? await seal(text, place.index) : text
        await store.put(place, { id: key, vector: known, note: sealed, expiresAtMs: nowMs + ttlMs }, nowMs)
      } catch (error) {
        faulted('remember', error)
      }
    },
  }
}

interface Located {
  readonly place: Place
  readonly vector: readonly number[]
  readonly question: string
}

function located({ owner, index, question }: Position, vector: readonly number[]): Located {
  return { place: { owner, index, dimension: vector.length }, vector, question }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
