import { DurableObject } from 'cloudflare:workers'
import type { CircuitState } from './circuit.ts'
import { type Batch, Group, type Snapshot } from './group.ts'

const CIRCUITS = 'circuits'

/**
 * One per model group. Circuits are stored when they change and survive its eviction; counts and latencies live in memory
 * and may be lost: the next minute brings them again.
 */
export class HealthObject extends DurableObject {
  readonly #group: Group

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env)
    this.#group = new Group(ctx.storage.kv.get<Record<string, CircuitState>>(CIRCUITS))
  }

  report(batch: Batch): Snapshot {
    const { snapshot, circuits } = this.#group.report(batch, Date.now())
    if (circuits) this.ctx.storage.kv.put(CIRCUITS, circuits)
    return snapshot
  }
}
