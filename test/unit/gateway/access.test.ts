import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { forgetToken, withAccess } from '../../../src/gateway/access.ts'
import type { TokenSource } from '../../../src/providers/access-token.ts'

const target = { model: 'm', extraHeaders: {}, params: {} }
const entra: TokenSource = { kind: 'entra', tenantId: 't/1', clientId: 'c', clientSecret: 'hush-hush' }
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const google: TokenSource = {
  kind: 'google',
  credentials: JSON.stringify({
    type: 'service_account',
    client_email: 'bot@p.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }),
}

interface Asked {
  readonly url: string
  readonly body: URLSearchParams
  answer(response: Response): void
  fail(): void
}

/** An isolate; the issuer's answers are given by hand, or by `answers`. */
function isolate(answers?: (call: number) => Response) {
  const asked: Asked[] = []
  const deferred: string[] = []
  const world = {
    nowMs: 1_000_000_000_000,
    asked,
    deferred,
    deps: {
      env: {},
      clock: () => world.nowMs,
      defer: (name: string) => void deferred.push(name),
      fetch: ((url: string, init: RequestInit) =>
        new Promise<Response>((resolve, reject) => {
          asked.push({
            url,
            body: new URLSearchParams(String(init.body)),
            answer: resolve,
            fail: () => reject(new Error('connection refused by hush-hush')),
          })
          if (answers) resolve(answers(asked.length))
        })) as typeof fetch,
    },
  }
  return world
}

const token = (name: string, seconds = 3600) => Response.json({ access_token: name, expires_in: seconds })
const counting = (seconds = 3600) => isolate((call) => token(`token-${call}`, seconds))

describe('a token', () => {
  it('of Microsoft Entra is asked for with the application’s own credentials', async () => {
    const { deps, asked } = counting()
    const ready = await withAccess(target, entra, deps)
    expect(ready).toEqual({ ...target, azureAdToken: 'token-1' })
    expect(asked[0]!.url).toBe('https://login.microsoftonline.com/t%2F1/oauth2/v2.0/token')
    expect(Object.fromEntries(asked[0]!.body)).toEqual({
      grant_type: 'client_credentials',
      client_id: 'c',
      client_secret: 'hush-hush',
      scope: 'https://cognitiveservices.azure.com/.default',
    })
  })

  it('of Google is put beside the project', async () => {
    const { deps, asked } = counting()
    const at = { ...target, vertex: { project: 'p', location: 'eu' } }
    expect(await withAccess(at, google, deps)).toEqual({ ...at, vertex: { ...at.vertex, token: 'token-1' } })
    expect(asked[0]!.url).toBe('https://oauth2.googleapis.com/token')
  })

  it('is fetched once for all who wait, and kept', async () => {
    const { deps, asked, deferred } = isolate()
    const waiting = Array.from({ length: 20 }, () => withAccess(target, entra, deps))
    await Promise.resolve()
    asked[0]!.answer(token('only'))
    const ready = await Promise.all(waiting)
    expect(new Set(ready.map(({ azureAdToken }) => azureAdToken))).toEqual(new Set(['only']))
    await withAccess(target, { ...entra }, deps)
    expect(asked).toHaveLength(1)
    expect(deferred).toEqual(['fetch access token'])
  })

  it('is not another application’s, nor another isolate’s', async () => {
    const world = counting()
    await withAccess(target, entra, world.deps)
    const other = await withAccess(target, { ...entra, clientId: 'd' }, world.deps)
    expect(other.azureAdToken).toBe('token-2')
    expect((await withAccess(target, entra, counting().deps)).azureAdToken).toBe('token-1')
  })

  it('is replaced behind a request when it nears its end, and before one when it is over', async () => {
    const world = counting()
    const { deps } = world
    const now = async () => (await withAccess(target, entra, deps)).azureAdToken
    expect(await now()).toBe('token-1')
    world.nowMs += (3600 - 301) * 1000
    expect([await now(), world.asked.length]).toEqual(['token-1', 1])
    world.nowMs += 2_000
    expect([await now(), world.asked.length]).toEqual(['token-1', 2])
    await new Promise((resolve) => setTimeout(resolve))
    expect([await now(), world.asked.length]).toEqual(['token-2', 2])
    world.nowMs += 3590 * 1000
    expect([await now(), world.asked.length]).toEqual(['token-3', 3])
  })

  it('that lives shortly is kept for most of its life all the same', async () => {
    const world = counting(60)
    const now = async () => (await withAccess(target, entra, world.deps)).azureAdToken
    await now()
    world.nowMs += 45_000
    expect([await now(), world.asked.length]).toEqual(['token-1', 1])
  })

  it('that the vendor refused is not used again', async () => {
    const { deps } = counting()
    await withAccess(target, entra, deps)
    forgetToken(entra, deps)
    expect((await withAccess(target, entra, deps)).azureAdToken).toBe('token-2')
  })
})

describe('a failure names no secret, and is not kept', () => {
  const failing = async (answer: (asked: Asked) => void, source: TokenSource = entra) => {
    const { deps, asked } = isolate()
    const waiting = withAccess(target, source, deps).catch((error: unknown) => error)
    await Promise.resolve()
    if (asked[0]) answer(asked[0])
    const error = await waiting
    expect(error).toBeInstanceOf(GatewayError)
    const { kind, message } = error as GatewayError
    expect(message).not.toContain('hush-hush')
    const again = withAccess(target, entra, deps)
    await Promise.resolve()
    asked.at(-1)!.answer(token('good'))
    expect((await again).azureAdToken).toBe('good')
    return [kind, message] as const
  }

  it('refused', async () => {
    const body = { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid secret.\r\nTrace ID: x' }
    const [kind, message] = await failing(({ answer }) => answer(Response.json(body, { status: 401 })))
    expect(kind).toBe('auth_error')
    expect(message).toContain('Microsoft Entra gave no access token')
    expect(message).toContain('invalid_client: AADSTS7000215: Invalid secret.')
    expect(message).not.toContain('Trace')
  })

  it.each([
    ['unreachable', ({ fail }: Asked) => fail()],
    ['overloaded', ({ answer }: Asked) => answer(new Response('<html>', { status: 503 }))],
    ['throttled', ({ answer }: Asked) => answer(new Response('', { status: 429 }))],
  ])('%s', async (_, answer) => {
    expect((await failing(answer))[0]).toBe('upstream_failed')
  })

  it('credentials that are none', async () => {
    const broken: TokenSource = { kind: 'google', credentials: '{"type":"service_account","private_key":"hush-hush"}' }
    expect((await failing(() => {}, broken))[0]).toBe('auth_error')
  })
})
