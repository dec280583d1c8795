import type { Author } from '../../tenants/port.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { isStorable } from '../text.ts'
import { isAdmin } from './whose.ts'

interface Asking {
  readonly request: Request
  readonly principal: Principal
  readonly requestId: string
  readonly receivedAtMs: number
  readonly deps: AppDeps
}

const MOST_CHARACTERS = 256

/** Who a change is signed by: `litellm-changed-by` where an admin names someone, else the caller; and where it came from. */
export function authorOf({ request, principal, requestId, receivedAtMs, deps }: Asking): Author {
  const { headers } = request
  const { keyHash, userId, role } = principal
  // Whose hand made a key decides what the key's owner may change: nobody else signs for others.
  const named = isAdmin(principal) ? headers.get('litellm-changed-by')?.trim() : undefined
  return {
    by: named && named.length <= MOST_CHARACTERS && isStorable(named) ? named : (userId ?? 'default_user_id'),
    nowMs: receivedAtMs,
    from: {
      keyHash: principal.kind === 'master' ? 'master' : keyHash,
      userId,
      role,
      route: `${request.method} ${pathOf(request.url)}`,
      requestId,
      ip: shown(headers.get('cf-connecting-ip')),
      userAgent: shown(headers.get('user-agent')),
      recorded: deps.gateway.config.litellm.auditLogs !== false,
    },
  }
}

/** A path may name a key by its text: it is not written down. */
function pathOf(url: string): string {
  return (shown(new URL(url).pathname) ?? '').replace(/sk-[^/]+/g, 'sk-...')
}

function shown(text: string | null): string | undefined {
  return text === null || !isStorable(text) ? undefined : text.slice(0, MOST_CHARACTERS).toWellFormed()
}
