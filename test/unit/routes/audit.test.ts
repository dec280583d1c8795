import { describe, expect, it } from 'vitest'
import { memoryAudit } from '../../../src/audit/memory.ts'
import type { AuditRow } from '../../../src/audit/port.ts'
import { authorOf } from '../../../src/routes/admin/author.ts'
import { auditRoutes } from '../../../src/routes/audit.ts'
import type { Incoming } from '../../../src/routes/route.ts'

const row = (id: string, over: Partial<AuditRow> = {}): AuditRow => ({
  id,
  atMs: Date.UTC(2026, 10, 22, 12),
  action: 'updated',
  kind: 'team',
  objectId: 't1',
  token: null,
  teamId: 't1',
  before: { team_alias: 'a' },
  after: { team_alias: 'b' },
  changedBy: 'ada',
  changedByKey: 'hash',
  userId: 'ada',
  role: 'proxy_admin',
  route: 'POST /team/update',
  requestId: 'r',
  ip: null,
  userAgent: null,
  ...over,
})
const rows = [
  row('1'),
  row('2', { kind: 'key', objectId: 'k1', token: 'h1' }),
  row('3', { atMs: Date.UTC(2026, 10, 23) }),
]
const [list, one] = auditRoutes

async function get(route = list, query = '', params: Record<string, string> = {}) {
  const incoming = {
    request: new Request(`https://gateway.test/audit${query}`),
    params,
    deps: { audit: memoryAudit(rows) },
  } as unknown as Incoming
  const answer = await route?.answer(incoming)
  return answer?.json() as Promise<{ audit_logs: { id: string }[]; total: number } & Record<string, unknown>>
}
const ids = async (query: string) => (await get(list, query)).audit_logs.map(({ id }) => id).join('')

describe('/audit', () => {
  it("answers pages in LiteLLM's words, the latest first", async () => {
    expect(await get(list, '?page_size=1')).toMatchObject({
      audit_logs: [
        {
          id: '3',
          updated_at: '2026-11-23T00:00:00.000Z',
          changed_by: 'ada',
          changed_by_api_key: 'hash',
          action: 'updated',
          table_name: 'LiteLLM_TeamTable',
          object_id: 't1',
          before_value: { team_alias: 'a' },
          updated_values: { team_alias: 'b' },
          route: 'POST /team/update',
        },
      ],
      total: 3,
      page: 1,
      page_size: 1,
      total_pages: 3,
    })
    expect(await ids('?page_size=1&after=3')).toBe('2')
  })

  it.each([
    ['?table_name=LiteLLM_VerificationToken', '2'],
    ['?table_name=key', '2'],
    ['?object_key_hash=h1', '2'],
    ['?object_id=t1&sort_order=asc', '13'],
    ['?start_date=2026-11-23', '3'],
    ['?end_date=2026-11-22', '21'],
    ['?start_date=2026-11-22T13:00:00%2B02:00&end_date=2026-11-22T12:00:00Z', '21'],
    ['?changed_by=ben', ''],
  ])('is filtered: %s', async (query, expected) => {
    expect(await ids(query)).toBe(expected)
  })

  it.each(['?table_name=users', '?action=seen', '?start_date=yesterday', '?page_size=101', '?who=me'])(
    'refuses what it does not know: %s',
    async (query) => {
      await expect(ids(query)).rejects.toMatchObject({ status: 400 })
    },
  )

  it('shows one, and says where there is none', async () => {
    expect(await get(one, '/2', { id: '2' })).toMatchObject({ id: '2', object_key_hash: 'h1' })
    await expect(get(one, '/9', { id: '9' })).rejects.toMatchObject({ status: 404 })
  })
})

describe('who signs a change', () => {
  it('names whom the admin names, and where it came from, but no key by its text', () => {
    const author = (headers: Record<string, string>, auditLogs?: false, role = 'proxy_admin') =>
      authorOf({
        request: new Request('https://gateway.test/key/sk-very-secret/regenerate?x=1', { method: 'POST', headers }),
        principal: { kind: 'key', keyHash: 'h', userId: 'ada', role },
        requestId: 'r',
        receivedAtMs: 7,
        deps: { gateway: { config: { litellm: { auditLogs } } } },
      } as unknown as Parameters<typeof authorOf>[0])
    expect(
      author({ 'litellm-changed-by': ' ben ', 'cf-connecting-ip': '203.0.113.9', 'user-agent': 'x'.repeat(300) }),
    ).toEqual({
      by: 'ben',
      nowMs: 7,
      from: {
        keyHash: 'h',
        userId: 'ada',
        role: 'proxy_admin',
        route: 'POST /key/sk-.../regenerate',
        requestId: 'r',
        ip: '203.0.113.9',
        userAgent: 'x'.repeat(256),
        recorded: true,
      },
    })
    expect(author({}, false)).toMatchObject({ by: 'ada', from: { recorded: false } })
    expect(author({ 'litellm-changed-by': 'ben' }, undefined, 'internal_user').by).toBe('ada')
  })
})
