import { describe, expect, it } from 'vitest'
import { mustMayCall } from '../../../src/routes/may-call.ts'
import { routes } from '../../../src/routes/table.ts'
import { roles } from '../../../src/tenants/principal.ts'
import { masterPrincipal } from '../../../src/tenants/principal-of.ts'

describe('a session', () => {
  it('opens no route that a model, a vendor or a file at one stands behind, whatever its role', () => {
    const person = { ...masterPrincipal(0), kind: 'key' as const, userId: 'u', session: true as const }
    const open = (path: string, method = 'POST') =>
      roles.filter((role) => {
        const route = routes.find((one) => one.method === method && one.paths.includes(path))
        if (!route) throw new Error(`no ${method} ${path}`)
        try {
          mustMayCall(route, `https://gateway.test${path}`, { ...person, role })
          return true
        } catch {
          return false
        }
      })
    for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/embeddings', '/v1/files'])
      expect([path, open(path)]).toEqual([path, []])
    expect(open('/key/generate')).toEqual(['proxy_admin', 'internal_user'])
    expect(open('/v1/models', 'GET')).toEqual([...roles])
    expect(open('/me', 'GET')).toEqual([...roles])
    expect(open('/user/new')).toEqual(['proxy_admin'])
  })

  it('opens nothing that was made after these tags, until somebody says that people need it', () => {
    const known = new Set(routes.map(({ tag }) => tag))
    const person = { ...masterPrincipal(0), kind: 'key' as const, session: true as const }
    const route = { ...routes.find(({ access }) => access === 'key'), tag: 'Something new', paths: ['/new'] as const }
    expect(known.has(route.tag)).toBe(false)
    expect(() => mustMayCall(route as (typeof routes)[number], 'https://gateway.test/new', person)).toThrow(
      'calls no models',
    )
  })
})
