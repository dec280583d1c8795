import { describe, expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import { requiredVariables } from '../../../src/config/read.ts'

const built = (jwt: string, more = 'enable_jwt_auth: true') =>
  buildConfig(`general_settings: { ${more}, litellm_jwtauth: ${jwt} }`, { fileName: 'c.yaml', target: 'dev' }).config
const told = (jwt: string) => built(jwt).notices.filter(({ path }) => path.includes('litellm_jwtauth'))

describe('litellm_jwtauth', () => {
  it("is read with LiteLLM's names and defaults", () => {
    const config = built('{ user_id_jwt_field: sub, team_ids_jwt_field: groups, user_id_upsert: true }')
    expect(config.general.jwt).toEqual({
      issuers: [
        {
          issuer: { env: 'JWT_ISSUER' },
          audience: { env: 'JWT_AUDIENCE' },
          keysUrl: { env: 'JWT_PUBLIC_KEY_URL' },
          claims: { userId: 'sub', teamIds: 'groups' },
        },
      ],
      adminScope: 'litellm_proxy_admin',
      adminRoutes: ['management_routes', 'spend_tracking_routes', 'info_routes'],
      teamRoutes: ['llm_api_routes', 'info_routes'],
      keysTtlMs: 600_000,
      upsertsUsers: true,
    })
    const needed = [...requiredVariables(config).keys()]
    expect(needed).toEqual(expect.arrayContaining(['JWT_ISSUER', 'JWT_AUDIENCE']))
    expect(needed).not.toContain('JWT_PUBLIC_KEY_URL')
  })

  it('has several issuers, each with claims of its own beside the common ones', () => {
    const { jwt } = built(
      '{ user_id_jwt_field: sub, issuers: [{ issuer: "https://a.test", audience: x, jwks_url: os.environ/KEYS }, { issuer: "https://b.test", audience: y, user_id_jwt_field: uid }] }',
    ).general
    expect(jwt?.issuers).toEqual([
      { issuer: 'https://a.test', audience: 'x', keysUrl: { env: 'KEYS' }, claims: { userId: 'sub' } },
      { issuer: 'https://b.test', audience: 'y', claims: { userId: 'uid' } },
    ])
  })

  it('lets nobody in by an issuer whose audience is not said, and says so', () => {
    const jwt = '{ user_id_jwt_field: sub, issuers: [{ issuer: "https://a.test" }] }'
    expect(built(jwt).general.jwt?.issuers).toEqual([])
    expect(told(jwt)).toMatchObject([{ level: 'error', message: expect.stringContaining('audience') }])
  })

  it('warns where no claim says whose a token is, and refuses to ignore what would restrict', () => {
    expect(told('{}')).toMatchObject([{ level: 'warning' }])
    expect(told('{ user_id_jwt_field: sub, enforce_scope_based_access: true }')).toMatchObject([{ level: 'error' }])
    expect(told('{ user_id_jwt_field: sub, user_id_jwt_feild: x }')).toMatchObject([{ level: 'warning' }])
  })

  it('stands beside ui_access_mode, which keeps everyone out whom it does not name', () => {
    const mode = (yaml: string) => built('{}', `ui_access_mode: ${yaml}`)
    expect(mode('all').general.onlyAdminsSignIn).toBeUndefined()
    expect(mode('admin_only').general.onlyAdminsSignIn).toBe(true)
    expect(mode('admin_only').notices.filter(({ level }) => level === 'error')).toEqual([])
    expect(mode('{ type: restricted_sso_group }').general.onlyAdminsSignIn).toBe(true)
    expect(mode('{ type: restricted_sso_group }').notices).toMatchObject([{ level: 'error' }])
  })

  it('means nothing without enable_jwt_auth', () => {
    expect(built('{ user_id_jwt_field: sub }', 'enable_jwt_auth: false').general.jwt).toBeUndefined()
  })
})
