import { fields, parsed, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { UpstreamRequest } from './provider.ts'

/** A service account's key, or the refresh token of a person, as `gcloud` and the Cloud console write them. */
export type GoogleCredentials =
  | {
      readonly type: 'service_account'
      readonly clientEmail: string
      readonly privateKey: string
      readonly privateKeyId?: string
      readonly tokenUri: string
      readonly project?: string
    }
  | {
      readonly type: 'authorized_user'
      readonly clientId: string
      readonly clientSecret: string
      readonly refreshToken: string
      readonly tokenUri: string
      readonly project?: string
    }

/** How to come by an access token: what has to be signed first, and the request that the signature makes. */
export type TokenRequest =
  | {
      readonly kind: 'signed'
      /** To be signed with RS256. */
      readonly signingInput: string
      /** The key as DER (PKCS#8), as WebCrypto imports it. */
      readonly pkcs8: Uint8Array<ArrayBuffer>
      request(signature: Uint8Array): UpstreamRequest
    }
  | { readonly kind: 'plain'; readonly request: UpstreamRequest }

const TOKEN_URI = 'https://oauth2.googleapis.com/token'
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const LIFE_SECONDS = 3600

/** Reads `vertex_credentials`: the JSON of a key file, as text or as an object. Messages never quote what they read. */
export function googleCredentials(given: unknown): GoogleCredentials {
  const said = fields(typeof given === 'string' ? parsed(given) : given)
  const tokenUri = text(said.token_uri) ?? TOKEN_URI
  if (!/^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(tokenUri))
    throw unusable('token_uri is no https address')
  const project = text(said.project_id) ?? text(said.quota_project_id)
  const common = { tokenUri, ...(project !== undefined && { project }) }
  if (said.type === 'service_account') {
    const keyId = text(said.private_key_id)
    return {
      type: 'service_account',
      clientEmail: needed(said.client_email, 'client_email'),
      privateKey: needed(said.private_key, 'private_key'),
      ...(keyId !== undefined && { privateKeyId: keyId }),
      ...common,
    }
  }
  if (said.type !== 'authorized_user')
    throw unusable('only the JSON of a service account key or of an authorized user can be used')
  return {
    type: 'authorized_user',
    clientId: needed(said.client_id, 'client_id'),
    clientSecret: needed(said.client_secret, 'client_secret'),
    refreshToken: needed(said.refresh_token, 'refresh_token'),
    ...common,
  }
}

/** The project that credentials belong to, as far as they say. */
export function googleProject(credentials: string): string | undefined {
  const said = fields(parsed(credentials))
  return text(said.project_id) ?? text(said.quota_project_id)
}

/** What asks for an access token that begins to live now. Pure: nothing is signed and nobody is asked here. */
export function googleTokenRequest(credentials: GoogleCredentials, nowSeconds: number): TokenRequest {
  const { tokenUri } = credentials
  if (credentials.type === 'authorized_user') {
    const { clientId, clientSecret, refreshToken } = credentials
    const form = { grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret }
    return { kind: 'plain', request: posted(tokenUri, { ...form, refresh_token: refreshToken }) }
  }
  const { clientEmail, privateKey, privateKeyId } = credentials
  const issued = Math.floor(nowSeconds)
  const header = { alg: 'RS256', typ: 'JWT', ...(privateKeyId !== undefined && { kid: privateKeyId }) }
  const claims = { iss: clientEmail, scope: SCOPE, aud: tokenUri, iat: issued, exp: issued + LIFE_SECONDS }
  const signingInput = [header, claims].map((part) => base64Url(encoder.encode(JSON.stringify(part)))).join('.')
  return {
    kind: 'signed',
    signingInput,
    pkcs8: pkcs8Of(privateKey),
    request: (signature) =>
      posted(tokenUri, {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: `${signingInput}.${base64Url(signature)}`,
      }),
  }
}

/** RS256 by WebCrypto, which Workers and Node both have. */
export async function signRs256(pkcs8: Uint8Array<ArrayBuffer>, signingInput: string): Promise<Uint8Array> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']).catch(() => {
    throw unusable('private_key is no RSA key')
  })
  return new Uint8Array(await crypto.subtle.sign(algorithm, key, encoder.encode(signingInput)))
}

const encoder = new TextEncoder()
const PEM = /-----BEGIN PRIVATE KEY-----([\s\S]+?)-----END PRIVATE KEY-----/

/** The bytes of a PKCS#8 PEM, also where its line ends went through an environment variable as `\n`. */
export function pkcs8Of(pem: string): Uint8Array<ArrayBuffer> {
  const inside = PEM.exec(pem.replaceAll('\\n', '\n'))?.[1]?.replaceAll(/\s/g, '')
  if (inside === undefined) throw unusable('private_key is no PKCS#8 key in PEM ("-----BEGIN PRIVATE KEY-----")')
  try {
    return Uint8Array.from(atob(inside), (char) => char.charCodeAt(0))
  } catch {
    throw unusable('private_key is damaged: its base64 cannot be read')
  }
}

function posted(url: string, form: Record<string, string>): UpstreamRequest {
  return {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  }
}

function base64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function needed(value: unknown, name: string): string {
  const found = text(value)
  if (found === undefined) throw unusable(`${name} is missing`)
  return found
}

function unusable(why: string): GatewayError {
  return new GatewayError(
    'auth_error',
    `The deployment's Google credentials cannot be used: ${why}. The operator must correct vertex_credentials.`,
  )
}
