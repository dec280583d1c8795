import * as z from 'zod'
import { cacheControlNames, mustBeControls } from '../../cache/controls.ts'
import { namesNothing } from '../../config/capability.ts'
import { isNetwork } from '../../config/networks.ts'
import { GatewayError } from '../../errors.ts'
import { type Governed, governed, listIn, withBound } from '../../tenants/governed.ts'
import type { BoundLists, EntityChanges } from '../../tenants/port.ts'
import type { EntityRecord } from '../../tenants/record.ts'
import { name } from '../text.ts'

/** What a key or a team may say about the cache, and what its calls must say. */
export const bound = {
  allowed_cache_controls: z.array(z.enum(cacheControlNames)).max(cacheControlNames.length).nullish(),
  enforced_params: z.array(name).max(50).nullish(),
  /** Of LiteLLM's permissions by object the one that is kept here; others may name nothing. */
  object_permission: z
    .looseObject({ vector_stores: z.array(name).max(100).nullish() })
    .refine(({ vector_stores: _, ...others }) => namesNothing(others), 'may name vector_stores alone here')
    .nullish(),
}

/** From where a key may be used. */
export const allowedIps = {
  allowed_ips: z
    .array(name.refine(isNetwork, 'is an address or a network, such as 203.0.113.7 or 10.0.0.0/8'))
    .max(100)
    .nullish(),
}

export type MetadataFields = {
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined
  readonly object_permission?: { readonly vector_stores?: readonly string[] | null | undefined } | null | undefined
} & { readonly [F in Exclude<Governed, 'vector_stores'>]?: readonly string[] | null | undefined }

/** What a body says of one of the lists: undefined where it says nothing. */
function saidOf(body: MetadataFields, field: Governed): readonly string[] | null | undefined {
  if (field !== 'vector_stores') return body[field]
  const { object_permission: permission } = body
  return permission === null ? null : permission?.vector_stores
}

/**
 * What a body asks of metadata and of the lists that lie in it. An owner may write metadata, but what binds it is an
 * admin's to say: that stays as it is until its own field changes it.
 */
export function metadataOf(
  body: MetadataFields,
  before: EntityRecord | undefined,
): Pick<EntityChanges, 'metadata' | 'bound'> {
  const { metadata } = body
  for (const field of governed) {
    if (!metadata || !(field in metadata) || same(metadata[field], before ? listIn(before, field) : [])) continue
    throw new GatewayError(
      'invalid_request',
      `Give ${field} as a field of its own, beside metadata: only then is it known who may change it.`,
      { param: `metadata.${field}` },
    )
  }
  const bound: BoundLists = Object.fromEntries(
    governed.flatMap((field) => {
      const said = saidOf(body, field)
      return said === undefined ? [] : [[field, said ?? []]]
    }),
  )
  if (metadata == null && Object.keys(bound).length === 0) return {}
  const beside = metadata == null ? undefined : withBound(metadata, NONE)
  return before ? { metadata: beside, bound } : { metadata: withBound(beside ?? {}, bound) }
}

/** What a key says of the cache (`metadata.cache`) holds for its every request: what cannot be read is not written. */
export function mustSayReadably({ metadata }: MetadataFields): void {
  try {
    mustBeControls(metadata?.cache)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new GatewayError('invalid_request', `metadata.${error.message}`, { param: `metadata.${error.details.param}` })
  }
}

const NONE: BoundLists = Object.fromEntries(governed.map((field) => [field, []]))

function same(value: unknown, names: readonly string[]): boolean {
  return JSON.stringify(value) === JSON.stringify(names)
}
