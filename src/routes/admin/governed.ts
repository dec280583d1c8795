import * as z from 'zod'
import { cacheControlNames } from '../../cache/controls.ts'
import { isNetwork } from '../../config/networks.ts'
import { GatewayError } from '../../errors.ts'
import { type Governed, governed, listIn } from '../../tenants/governed.ts'
import type { EntityRecord } from '../../tenants/record.ts'
import { name } from '../text.ts'

/** What a key or a team may say about the cache, and what its calls must say. */
export const bound = {
  allowed_cache_controls: z.array(z.enum(cacheControlNames)).max(cacheControlNames.length).nullish(),
  enforced_params: z.array(name).max(50).nullish(),
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
} & { readonly [F in Governed]?: readonly string[] | null | undefined }

/**
 * The metadata after a change. An owner may write metadata, but what binds it is an admin's to say: that stays as it is
 * until its own field changes it.
 */
export function metadataOf(body: MetadataFields, before: EntityRecord | undefined) {
  const { metadata } = body
  const had = (field: Governed) => (before ? listIn(before, field) : [])
  for (const field of governed) {
    if (!metadata || !(field in metadata) || same(metadata[field], had(field))) continue
    throw new GatewayError(
      'invalid_request',
      `Give ${field} as a field of its own, beside metadata: only then is it known who may change it.`,
      { param: `metadata.${field}` },
    )
  }
  if (metadata == null && governed.every((field) => body[field] === undefined)) return undefined
  const after: Record<string, unknown> = { ...(metadata ?? before?.metadata) }
  for (const field of governed) {
    const list = body[field] === undefined ? had(field) : (body[field] ?? [])
    delete after[field]
    if (list.length > 0) after[field] = list
  }
  return after
}

function same(value: unknown, names: readonly string[]): boolean {
  return JSON.stringify(value) === JSON.stringify(names)
}
