import * as z from 'zod'
import { cacheControlNames } from '../../cache/controls.ts'
import { GatewayError } from '../../errors.ts'
import { CACHE_CONTROLS, cacheControlsOf } from '../../tenants/cache-controls.ts'
import type { EntityRecord } from '../../tenants/record.ts'

/** What a key or a team may say about the cache. */
export const allowedCacheControls = {
  [CACHE_CONTROLS]: z.array(z.enum(cacheControlNames)).max(cacheControlNames.length).nullish(),
}

export interface MetadataFields {
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined
  readonly allowed_cache_controls?: readonly string[] | null | undefined
}

/**
 * The metadata after a change. An owner may write metadata, but what the cache may be told is an admin's to say: it
 * stays as it is until its own field changes it.
 */
export function metadataOf(body: MetadataFields, before: EntityRecord | undefined) {
  const { metadata, allowed_cache_controls: given } = body
  const had = before ? cacheControlsOf(before) : []
  const allowed = given === undefined ? had : (given ?? [])
  if (metadata && CACHE_CONTROLS in metadata && !same(metadata[CACHE_CONTROLS], had)) {
    throw new GatewayError(
      'invalid_request',
      `Give ${CACHE_CONTROLS} as a field of its own, beside metadata: only then is it known who may change it.`,
      { param: `metadata.${CACHE_CONTROLS}` },
    )
  }
  if (metadata == null && given === undefined) return undefined
  const { [CACHE_CONTROLS]: _, ...rest } = metadata ?? before?.metadata ?? {}
  return allowed.length === 0 ? rest : { ...rest, [CACHE_CONTROLS]: allowed }
}

function same(value: unknown, names: readonly string[]): boolean {
  return JSON.stringify(value) === JSON.stringify(names)
}
