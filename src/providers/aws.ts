import { AwsV4Signer } from 'aws4fetch'
import { GatewayError } from '../errors.ts'
import type { UpstreamRequest } from './provider.ts'

/** What a deployment knows of an AWS account. */
export interface AwsAccess {
  readonly region?: string
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
}

/** With what a request is signed (SigV4). */
export interface AwsSignature {
  readonly service: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Credentials for one service in one region; refuses in words when the deployment has none. */
export function awsSignature(service: string, region: string, access: AwsAccess | undefined): AwsSignature {
  const { accessKeyId, secretAccessKey, sessionToken } = access ?? {}
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new GatewayError(
      'internal',
      'This deployment has no AWS credentials: the operator must set api_key, or aws_access_key_id and aws_secret_access_key.',
    )
  return { service, region, accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
}

/** The same request with AWS's signature, made for this moment; a request that names no signature is returned as it is. */
export async function signAws(request: UpstreamRequest, nowMs: number): Promise<UpstreamRequest> {
  const { aws, ...plain } = request
  if (aws === undefined) return request
  const signer = new AwsV4Signer({
    ...aws,
    method: plain.method,
    url: plain.url,
    headers: { ...plain.headers },
    body: plain.body,
    datetime: new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  })
  const { url, headers } = await signer.sign()
  return { ...plain, url: url.toString(), headers: Object.fromEntries(headers) }
}
