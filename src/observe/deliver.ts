import { post } from '../channels/post.ts'
import { type BodyStore, shownBodies } from './bodies.ts'
import type { Delivery } from './deliveries.ts'
import { sinkNamed } from './registry.ts'
import type { Occasion, Setting, Settings, Sink } from './sink.ts'

export interface DeliverDeps extends Omit<Occasion, 'nowMs' | 'id' | 'bodies'> {
  readonly clock: () => number
  /** What a variable holds; undefined where nobody set it. */
  readonly variable: (name: string) => string | undefined
  /** Absent where nobody is told what was asked and answered. */
  readonly bodies?: BodyStore | undefined
}

/** Tells a sink over HTTP. Rejects when it has not taken all, with a message for the operator that holds no secret. */
export async function deliver({ sink: name, events }: Delivery, id: string, deps: DeliverDeps): Promise<void> {
  const sink = sinkNamed(name)
  if (!sink) throw new Error(`there is no sink called ${name}`)
  const { clock, version, fetch, bodies: store } = deps
  const bodies = store && sink.tellsBodies ? shownBodies(await store.of(events)) : undefined
  const posts = await sink.posts(events, settingsOf(sink, deps), {
    nowMs: clock(),
    id,
    version,
    fetch,
    ...(bodies ? { bodies } : {}),
  })
  for (const one of posts) {
    const answer = await post(fetch, one)
    const problem = sink.refusedIn?.(answer)
    if (problem !== undefined) throw new Error(problem)
  }
}

function settingsOf({ name, settings }: Sink, { variable }: DeliverDeps): Settings {
  const found: Record<string, string> = {}
  for (const [key, { variable: from, otherwise, optional }] of Object.entries<Setting>(settings)) {
    const value = variable(from) ?? otherwise
    if (value !== undefined) found[key] = value
    else if (!optional) throw new Error(`${from} is not set, and the sink ${name} needs it`)
  }
  return found
}
