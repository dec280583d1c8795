import * as z from 'zod'
import { toGatewayError } from '../../errors.ts'
import { roles } from '../../tenants/principal.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { page, pageOf, pageShape, sizeOf, sortOrder } from './paging.ts'
import { shownUser } from './shown.ts'
import { changedUser, notFound, shown, userChanges } from './users.ts'

const SORTS = {
  user_id: 'userId',
  user_email: 'userEmail',
  user_alias: 'userAlias',
  user_role: 'userRole',
  created_at: 'createdAtMs',
} as const

const list = route({
  method: 'GET',
  paths: ['/user/list'],
  access: 'viewer',
  tag: 'Users',
  summary: 'Users with how many keys each has, page by page.',
  query: z.strictObject({
    role: z.enum(roles).optional(),
    user_ids: z.string().max(10_000).optional(),
    user_email: name.optional(),
    user_alias: name.optional(),
    team: name.optional(),
    page,
    page_size: sizeOf(25),
    sort_by: z.enum(['user_id', 'user_email', 'user_alias', 'user_role', 'created_at']).default('created_at'),
    sort_order: sortOrder('asc'),
  }),
  out: z.object({ users: z.array(shown.extend({ key_count: z.number() })), ...pageShape }),
  async handle({ query, deps, receivedAtMs }) {
    const { tenantStore: store } = deps
    const named = query.user_ids?.split(',').filter((id) => id !== '')
    const members = query.team === undefined ? undefined : await store.belonging('member', { teamId: query.team })
    const inTeam = members?.map(({ userId }) => userId)
    const { found, total } = await store.list('user', {
      page: query.page,
      size: query.page_size,
      ids: named && inTeam ? named.filter((id) => inTeam.includes(id)) : (named ?? inTeam),
      is: { userRole: query.role },
      has: { userEmail: query.user_email, userAlias: query.user_alias },
      sortBy: SORTS[query.sort_by],
      sortOrder: query.sort_order,
    })
    const counts = await store.keyCounts(found.map(({ userId }) => userId))
    const users = found.map((user) => ({ ...shownUser(user, receivedAtMs), key_count: counts.get(user.userId) ?? 0 }))
    return { users, ...pageOf(total, query) }
  },
})

const deletion = route({
  method: 'POST',
  paths: ['/user/delete'],
  access: 'admin',
  tag: 'Users',
  summary: 'Delete users with their keys and memberships. What they spent stays in the log.',
  area: 'admin.user',
  body: z.strictObject({ user_ids: z.array(name).min(1).max(100) }),
  out: z.object({ deleted_users: z.number() }),
  async handle(asked) {
    const { body, deps } = asked
    for (const userId of body.user_ids) if (!(await deps.tenantStore.find('user', [userId]))) throw notFound(userId)
    const those = body.user_ids.map((userId) => [userId])
    return { deleted_users: await deps.tenantStore.remove('user', those, authorOf(asked)) }
  },
})

const bulk = route({
  method: 'POST',
  paths: ['/user/bulk_update'],
  access: 'admin',
  tag: 'Users',
  summary: 'Change several users, each for itself: the answer says which changed and why others did not.',
  area: 'admin.user',
  body: z.strictObject({ users: z.array(userChanges).min(1).max(500) }),
  async handle(asked) {
    const results: { user_id: string; success: boolean; error?: string; updated_user?: unknown }[] = []
    for (const body of asked.body.users) {
      try {
        results.push({ user_id: body.user_id, success: true, updated_user: await changedUser(body, asked) })
      } catch (thrown) {
        results.push({ user_id: body.user_id, success: false, error: toGatewayError(thrown).message })
      }
    }
    const done = results.filter(({ success }) => success).length
    return {
      results,
      total_requested: results.length,
      successful_updates: done,
      failed_updates: results.length - done,
    }
  },
})

const DESCRIBED = {
  proxy_admin: { description: 'sees and changes everything', ui_label: 'Admin (All Permissions)' },
  proxy_admin_viewer: { description: 'sees everything', ui_label: 'Admin (View Only)' },
  internal_user: { description: 'sees, makes and deletes own keys, sees own spend', ui_label: 'Internal User' },
  internal_user_viewer: { description: 'sees own keys and own spend', ui_label: 'Internal Viewer' },
} as const

const available = route({
  method: 'GET',
  paths: ['/user/available_roles'],
  access: 'key',
  tag: 'Users',
  summary: 'The roles that a user may have.',
  out: z.record(z.string(), z.object({ description: z.string(), ui_label: z.string() })),
  handle: () => DESCRIBED,
})

export const userListRoutes: readonly Route[] = [list, deletion, bulk, available]
