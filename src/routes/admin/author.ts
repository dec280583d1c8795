import type { Author } from '../../tenants/port.ts'
import type { Principal } from '../../tenants/principal.ts'
import { isStorable } from '../text.ts'

/** Who a change is signed by: `litellm-changed-by` where the admin names someone, else the caller. */
export function authorOf(asked: { request: Request; principal: Principal; receivedAtMs: number }): Author {
  const named = asked.request.headers.get('litellm-changed-by')?.trim()
  const by = named && named.length <= 256 && isStorable(named) ? named : (asked.principal.userId ?? 'default_user_id')
  return { by, nowMs: asked.receivedAtMs }
}
