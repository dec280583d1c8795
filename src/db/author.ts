import { type SQL, sql } from 'drizzle-orm'

/** Where a change came from, for the log of changes. Never a secret: a key is its hash. */
export interface Origin {
  readonly keyHash: string
  readonly userId?: string | undefined
  readonly role: string
  /** Method and path. */
  readonly route: string
  readonly requestId: string
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
  /** False where the operator keeps no log of changes. */
  readonly recorded: boolean
}

/** Says who makes the changes of a transaction: its first statement. The triggers of `audit_log` read it. */
export function authored({ by, from }: { readonly by: string; readonly from?: Origin | undefined }): SQL {
  return setting(
    from === undefined
      ? { by }
      : {
          by,
          key: from.keyHash,
          user: from.userId,
          role: from.role,
          route: from.route,
          request_id: from.requestId,
          ip: from.ip,
          user_agent: from.userAgent,
          recorded: from.recorded,
        },
  )
}

/** Says that a transaction's changes are nobody's: what the config file orders, not an admin. */
export const unrecorded: SQL = setting({ recorded: false })

function setting(author: Readonly<Record<string, unknown>>): SQL {
  return sql`select set_config('tollgate.author', ${JSON.stringify(author)}, true)`
}
