import type { Config } from '../../config/config.ts'
import { laidOver } from '../../config/laid-over.ts'
import { GatewayError } from '../../errors.ts'
import type { ModelStore, Stored, StoredKind, StoredKinds } from '../../models/port.ts'
import { overlayOf } from '../../models/resolve.ts'
import type { AppDeps } from '../deps.ts'

/** The store, where the operator keeps models in Postgres; else LiteLLM's refusal, for /model/new with its status. */
export function storeOf(deps: AppDeps, status = 501): ModelStore {
  if (deps.models) return deps.models
  throw new GatewayError(
    'not_implemented',
    "Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature: or general_settings.store_model_in_db: true in config.yaml. Until then models come from config.yaml alone.",
    { retry: false, status },
  )
}

/** What was built, without what admins laid over it. */
export function builtOf(deps: AppDeps): Config {
  return deps.builtConfig ?? deps.gateway.config
}

/** All rows as they are now: who is about to write decides on nothing older. None where none are kept. */
export async function readNow({ models, gateway }: AppDeps): Promise<Stored> {
  const nowMs = gateway.clock()
  return (await models?.read(nowMs)) ?? { rows: [], generation: 0, readAtMs: nowMs }
}

/** What runs everywhere in five seconds: with these rows. Who just wrote one finds it. */
export function configWith(stored: Stored, deps: AppDeps): Config {
  if (!deps.models) return deps.gateway.config
  return laidOver(builtOf(deps), overlayOf(stored, builtOf(deps)))
}

export function ofKind<K extends StoredKind>({ rows }: Stored, kind: K): readonly StoredKinds[K][] {
  // `kind` is what tells them apart.
  return rows.filter((row) => row.kind === kind) as unknown as readonly StoredKinds[K][]
}

export function find<K extends StoredKind>(stored: Stored, kind: K, id: string): StoredKinds[K] | undefined {
  return ofKind(stored, kind).find((row) => row.id === id)
}
