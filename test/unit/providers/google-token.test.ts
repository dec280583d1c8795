import { createVerify, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { accessTokenIn } from '../../../src/providers/access-token.ts'
import { googleCredentials, googleTokenRequest, signRs256 } from '../../../src/providers/google-token.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const file = {
  type: 'service_account',
  project_id: 'p-1',
  private_key_id: 'key-1',
  private_key: pem,
  client_email: 'bot@p-1.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
}
const decoded = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString())

async function asked(given: unknown) {
  const wanted = googleTokenRequest(googleCredentials(given), 1_700_000_000.7)
  if (wanted.kind === 'plain') return wanted.request
  return wanted.request(await signRs256(wanted.pkcs8, wanted.signingInput))
}

describe('a service account', () => {
  it.each([
    ['as an object', file],
    ['as text', JSON.stringify(file)],
    ['with its line ends escaped', { ...file, private_key: pem.replaceAll('\n', '\\n') }],
  ])('signs for itself what Google exchanges for a token: %s', async (_, given) => {
    const { url, method, headers, body } = await asked(given)
    expect([url, method, headers]).toEqual([
      'https://oauth2.googleapis.com/token',
      'POST',
      { 'content-type': 'application/x-www-form-urlencoded' },
    ])
    const form = new URLSearchParams(body)
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [header, claims, signature = ''] = form.get('assertion')?.split('.') ?? []
    expect(decoded(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' })
    expect(decoded(claims)).toEqual({
      iss: 'bot@p-1.iam.gserviceaccount.com',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: 'https://oauth2.googleapis.com/token',
      iat: 1_700_000_000,
      exp: 1_700_003_600,
    })
    const verifier = createVerify('RSA-SHA256').update(`${header}.${claims}`)
    expect(verifier.verify(publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  it('names its project', () => {
    expect(googleCredentials(file).project).toBe('p-1')
  })
})

it("a person's login asks with its refresh token", async () => {
  const given = { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' }
  const { body } = await asked(given)
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    grant_type: 'refresh_token',
    client_id: 'c',
    client_secret: 's',
    refresh_token: 'r',
  })
})

describe('what cannot be used is said without being quoted', () => {
  it.each([
    ['no JSON', 'secret words', /service account key/],
    ['no key', { ...file, private_key: undefined }, /private_key is missing/],
    ['a key of another kind', { ...file, private_key: '-----BEGIN RSA PRIVATE KEY-----\nAA\n' }, /PKCS#8/],
    [
      'a damaged key',
      { ...file, private_key: '-----BEGIN PRIVATE KEY-----\n%%\n-----END PRIVATE KEY-----' },
      /damaged/,
    ],
    ['an address in the clear', { ...file, token_uri: 'http://evil.test/token' }, /token_uri/],
    ['a kind that needs others', { type: 'external_account' }, /service account key/],
  ])('%s', async (_, given, message) => {
    await expect(asked(given)).rejects.toThrow(message)
    await expect(asked(given)).rejects.not.toThrow(/secret words|evil/)
  })
})

describe("Google's answer", () => {
  it('is a token and its end', () => {
    const body = JSON.stringify({ access_token: 'ya29.x', expires_in: 3599, token_type: 'Bearer' })
    expect(accessTokenIn(body, 1000)).toEqual({ token: 'ya29.x', expiresAtSeconds: 4599 })
  })

  it('is a refusal in its words', () => {
    const body = JSON.stringify({ error: 'invalid_grant', error_description: 'Invalid JWT Signature.' })
    expect(accessTokenIn(body, 0)).toEqual({ refused: 'it answered invalid_grant: Invalid JWT Signature.' })
    expect(accessTokenIn('<html>', 0)).toEqual({ refused: 'it gave no access token' })
  })
})
