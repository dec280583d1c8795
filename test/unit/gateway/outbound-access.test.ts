import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import type { DialectName } from '../../../src/dialects/dialect.ts'
import { clientHeaders } from '../../../src/gateway/client-headers.ts'
import { bringsOwnAccess, withOwnAccess } from '../../../src/gateway/own-access.ts'
import type { Target } from '../../../src/providers/provider.ts'

const target: Target = {
  model: 'm',
  apiKey: 'operators',
  apiBase: 'https://operator.example/v1',
  organization: 'org-operator',
  extraHeaders: { 'x-secret': 'operators' },
  params: {},
  azureAdToken: 'operators',
  tokenSource: { kind: 'google', credentials: 'operators' },
  aws: { region: 'eu-west-1', accessKeyId: 'operators', secretAccessKey: 'operators' },
}
const letting = (...clientsideAuthParams: string[]) => ({
  deployment: { clientsideAuthParams } as unknown as Deployment,
  allowedHosts: ['10.0.0.5'],
})

describe('a key or an address that a request brings', () => {
  it('is none: the target stays what it is', () => {
    expect(withOwnAccess(target, { model: 'm', api_key: '', api_base: null }, letting())).toBe(target)
  })

  it.each([
    [{ api_key: 'k' }, [], 'api_key'],
    [{ api_base: 'https://my.example' }, ['api_key'], 'api_base'],
    [{ base_url: 'https://my.example' }, ['api_key'], 'base_url'],
    [{ api_key: 7 }, ['api_key'], 'api_key'],
    [{ api_base: 'https://my.example' }, ['api_key', 'api_base'], 'api_key'],
    [{ api_key: 'k', api_base: 'https://169.254.169.254/' }, ['api_key', 'api_base'], 'api_base'],
    [{ api_key: 'k', api_base: 'http://my.example/' }, ['api_key', 'api_base'], 'api_base'],
  ])('is refused with 400: %j where %j may be chosen', (body, listed, param) => {
    expect(() => withOwnAccess(target, body, letting(...listed))).toThrow(
      expect.objectContaining({ kind: 'invalid_request', details: expect.objectContaining({ param }) }),
    )
  })

  it('goes without anything of the operator’s to an address of the caller’s', () => {
    const own = withOwnAccess(
      target,
      { api_key: 'mine', base_url: 'https://my.example/v1' },
      letting('api_key', 'api_base'),
    )
    expect(own).toMatchObject({ apiKey: 'mine', apiBase: 'https://my.example/v1' })
    expect(JSON.stringify(own)).not.toContain('operator')
  })

  it('is used in the operator’s account’s place at the operator’s address', () => {
    const own = withOwnAccess(target, { api_key: 'mine' }, letting('api_key'))
    expect(own).toMatchObject({ apiKey: 'mine', apiBase: target.apiBase, aws: { region: 'eu-west-1' } })
    expect([own.azureAdToken, own.tokenSource, own.aws?.accessKeyId]).toEqual([undefined, undefined, undefined])
  })

  it('may be at a host that the operator has named', () => {
    const body = { api_key: 'mine', api_base: 'http://10.0.0.5/v1' }
    expect(withOwnAccess(target, body, letting('api_key', 'api_base')).apiBase).toBe('http://10.0.0.5/v1')
  })
})

it('says nothing about the deployment when it fails', () => {
  expect([{ api_key: 'k' }, { api_base: 'x' }, { base_url: 'x' }, { api_key: '' }, {}].map(bringsOwnAccess)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})

describe('headers of the client', () => {
  const given = new Headers({
    authorization: 'Bearer sk-caller',
    cookie: 'a=b',
    host: 'gateway.example',
    forwarded: 'for=1.2.3.4',
    'api-key': 'sk-caller',
    'x-api-key': 'sk-caller',
    'x-goog-api-key': 'sk-caller',
    'x-goog-user-project': 'p',
    'x-forwarded-for': '1.2.3.4',
    'x-real-ip': '1.2.3.4',
    'x-litellm-api-key': 'sk-caller',
    'x-litellm-timeout': '3',
    'x-tollgate-explain': '1',
    'x-auth-request-user': 'u',
    'x-amz-security-token': 't',
    'x-my-token': 't',
    'x-stainless-os': 'Linux',
    'content-type': 'application/json',
    'user-agent': 'me',
    'openai-beta': 'assistants=v2',
    'x-trace': 'abc',
    'x-request-id': 'r-1',
  })
  const passed = (dialect: DialectName, vendors: DialectName | undefined, forwards: boolean) =>
    clientHeaders(given, { dialect, vendors, forwards })

  it('stay here, but for OpenAI’s betas among its own', () => {
    expect(passed('openai', 'openai', false)).toEqual({ 'openai-beta': 'assistants=v2' })
    expect(passed('responses', 'responses', false)).toEqual({ 'openai-beta': 'assistants=v2' })
    expect(passed('openai', 'anthropic', false)).toBeUndefined()
    expect(passed('anthropic', 'openai', false)).toBeUndefined()
    expect(passed('openai', undefined, false)).toBeUndefined()
  })

  it('pass where the operator lets them, but none that is a credential or tells of the way', () => {
    expect(passed('anthropic', 'anthropic', true)).toEqual({ 'x-trace': 'abc', 'x-request-id': 'r-1' })
  })
})
