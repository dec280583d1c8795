import { activeAdminFields } from '../config/active-admin-fields.ts'
import { refuseInactive, unknownAdminField } from '../config/capabilities.ts'
import type { AdminArea } from '../config/capability.ts'
import { GatewayError } from '../errors.ts'

/**
 * The fields of an admin body that its route reads. What is known and never active is refused unless it asks for
 * nothing; what nobody knows is refused with the nearest name.
 */
export function adminFields(
  area: AdminArea,
  body: Readonly<Record<string, unknown>>,
  known: readonly string[],
): Record<string, unknown> {
  refuseInactive(body, area)
  const read: [string, unknown][] = []
  for (const [name, value] of Object.entries(body)) {
    if (known.includes(name)) read.push([name, value])
    else refuseUnread(area, name, known)
  }
  return Object.fromEntries(read)
}

function refuseUnread(area: AdminArea, name: string, known: readonly string[]): void {
  const shown = JSON.stringify(name.slice(0, 80))
  const nearest = unknownAdminField(area, name)
  if (nearest !== undefined) {
    throw new GatewayError('invalid_request', `${shown} is not a field. Did you mean "${nearest}"?`, {
      param: name.slice(0, 80),
    })
  }
  if (!activeAdminFields[area].includes(name)) return
  throw new GatewayError('invalid_request', `${shown} is not a field of this route. It reads: ${known.join(', ')}.`, {
    param: name,
  })
}
