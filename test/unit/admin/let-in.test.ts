import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNetwork, networks } from '../../../src/config/networks.ts'
import { clientAddress } from '../../../src/middleware/address.ts'
import { isPublic } from '../../../src/routes/let-in.ts'
import type { Route } from '../../../src/routes/route.ts'
import { chat, MASTER, world } from '../routes/world.ts'

const from = (address: string) => ({ 'cf-connecting-ip': address })
const CHAT = '/v1/chat/completions'

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['2001:db8::/32', '2001:DB8:1::5', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '1.2.3.4', true],
    ['nonsense', '1.2.3.4', false],
    ['10.0.0.0/8', 'unknown', false],
  ])('%s has %s: %s', (network, address, isIn) => expect(networks([network]).has(address)).toBe(isIn))

  it('of every length have exactly the addresses that begin like them', () => {
    const byte = fc.integer({ min: 0, max: 255 })
    const four = fc.tuple(byte, byte, byte, byte)
    const bits = (bytes: readonly number[]) => bytes.map((one) => one.toString(2).padStart(8, '0')).join('')
    fc.assert(
      fc.property(four, four, fc.integer({ min: 0, max: 32 }), (a, b, length) => {
        const same = bits(a).slice(0, length) === bits(b).slice(0, length)
        expect(networks([`${a.join('.')}/${length}`]).has(b.join('.'))).toBe(same)
      }),
    )
  })

  it.each(['1.2.3', '1.2.3.4/33', '1.2.3.256', '::1::', 'a', '1:2:3:4:5:6:7:8:9', '2001:db8::/129'])(
    '%s is none',
    (text) => expect(isNetwork(text)).toBe(false),
  )

  it('an address comes from trusted proxies alone, and from the right', () => {
    const headers = (seen: string, hops: string) => new Headers({ ...from(seen), 'x-forwarded-for': hops })
    const trusted = networks(['10.0.0.0/8'])
    expect(clientAddress(headers('10.0.0.1', '6.6.6.6, 9.9.9.9, 10.0.0.2'), trusted)).toBe('9.9.9.9')
    expect(clientAddress(headers('9.9.9.9', '6.6.6.6'), trusted)).toBe('9.9.9.9')
    expect(clientAddress(headers('10.0.0.1', '6.6.6.6'), undefined)).toBe('10.0.0.1')
  })
})

describe('who is let in', () => {
  it('only from allowed addresses, the master key too; health stays open', async () => {
    const w = world({ access: { allowedIps: ['203.0.113.0/24'] } })
    expect((await w.get('/v1/models', MASTER, from('203.0.113.9'))).status).toBe(200)
    const said = await w.get('/v1/models', MASTER, from('198.51.100.1'))
    expect([said.status, said.json.error.message]).toEqual([403, expect.stringContaining('198.51.100.1')])
    expect((await w.get('/v1/models')).status).toBe(403)
    expect((await w.get('/health/liveliness', 'none', from('198.51.100.1'))).status).toBe(200)
  })

  it('a key only from its own addresses', async () => {
    const w = world()
    const key = await w.key({ allowed_ips: ['198.51.100.0/24'] })
    expect((await w.get('/v1/models', key, from('198.51.100.3'))).status).toBe(200)
    expect((await w.get('/v1/models', key, from('203.0.113.9'))).status).toBe(403)
    const { json } = await w.get(`/key/info?key=${key}`)
    expect(json.info.allowed_ips).toEqual(['198.51.100.0/24'])
    expect((await w.post('/key/update', { key, allowed_ips: [] })).status).toBe(200)
    expect((await w.get('/v1/models', key, from('203.0.113.9'))).status).toBe(200)
    expect((await w.post('/key/generate', { allowed_ips: ['home'] })).json.error.param).toBe('allowed_ips.0')
  })

  it('only by routes that the operator has, and admins alone by some', async () => {
    const w = world({ access: { allowedRoutes: ['llm_api_routes', '/key/*'], adminOnlyRoutes: ['/key/list'] } })
    const key = await w.key()
    expect((await w.post(CHAT, chat, key)).status).toBe(200)
    expect((await w.get('/team/list')).status).toBe(403)
    expect((await w.get('/key/list')).status).toBe(200)
    expect((await w.get('/key/list', key)).status).toBe(403)
  })

  it('without a key where the operator made reading public, and never to spend', async () => {
    const w = world({ access: { publicRoutes: ['/v1/models', CHAT] } })
    expect((await w.said('/v1/models')).status).toBe(200)
    expect((await w.get('/v1/models', 'sk-wrong')).status).toBe(401)
    expect((await w.said(CHAT, { method: 'POST', body: JSON.stringify(chat) })).status).toBe(401)
  })

  it('never to a vendor without a key, also where reading is passed on', () => {
    const route = { tag: 'Pass-through', method: 'GET', access: 'key', paths: ['/openai/{rest+}'] } as unknown as Route
    expect(isPublic(route, new Request('http://gateway.test/openai/v1/files'), { publicRoutes: ['/openai/*'] })).toBe(
      false,
    )
  })

  it('the master key to models, with advice once an hour, unless it is told not to', async () => {
    const w = world()
    const advice = () => w.logged.filter((line) => line.includes('the master key calls models')).length
    for (let n = 0; n < 3; n++) expect((await w.post(CHAT, chat)).status).toBe(200)
    expect(advice()).toBe(1)
    w.pass(3_600_001)
    await w.post(CHAT, chat)
    expect(advice()).toBe(2)
    const strict = world({ access: { masterKeyLlm: false } })
    expect((await strict.post(CHAT, chat)).status).toBe(403)
    expect((await strict.get('/v1/models')).status).toBe(200)
    expect((await strict.post(CHAT, chat, await strict.key())).status).toBe(200)
  })
})

describe('what a call of a model must say', () => {
  it('is what the operator, the key and its team want', async () => {
    const w = world({ access: { enforcedParams: ['user'], serviceAccountParams: ['metadata.job'] } })
    await w.post('/team/new', { team_id: 't', enforced_params: ['metadata.generation_name'] })
    const key = await w.key({ team_id: 't', enforced_params: ['temperature'] })
    const ask = async (more: object, as = key) => (await w.post(CHAT, { ...chat, ...more }, as)).json.error?.param
    expect(await ask({})).toBe('user')
    expect(await ask({ user: 'u' })).toBe('temperature')
    expect(await ask({ user: 'u', temperature: 0 })).toBe('metadata.generation_name')
    const metadata = { generation_name: 'x' }
    expect(await ask({ user: 'u', temperature: 0, metadata })).toBeUndefined()
    const { json } = await w.post('/key/service-account/generate', { team_id: 't', key_alias: 'job' })
    expect(await ask({ user: 'u', metadata }, json.key)).toBe('metadata.job')
    expect(await ask({ user: 'u', metadata: { ...metadata, job: 'nightly' } }, json.key)).toBeUndefined()
  })

  it('is a user where the operator enforces it, and no tags where they are refused', async () => {
    const w = world({ access: { enforcesUser: true, refusesTags: true } })
    const key = await w.key()
    expect((await w.post(CHAT, chat, key)).json.error.param).toBe('user')
    expect((await w.post(CHAT, { ...chat, user: 'u', metadata: { tags: ['a'] } }, key)).status).toBe(400)
    expect((await w.post(CHAT, { ...chat, user: 'u' }, key, { 'x-litellm-tags': 'a' })).status).toBe(400)
    expect((await w.post(CHAT, { ...chat, user: 'u' }, key)).status).toBe(200)
  })
})
