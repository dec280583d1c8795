import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signAws } from '../../../src/providers/aws.ts'

const aws = {
  service: 'bedrock',
  region: 'eu-central-1',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session',
}
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

describe('signAws', () => {
  it('signs an ARN in the path as AWS documents it, session token and body included', async () => {
    const path = '/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Fx/converse'
    const request = {
      url: `https://bedrock-runtime.eu-central-1.amazonaws.com${path}`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"messages":[]}',
    }
    const signed = await signAws({ ...request, aws }, Date.UTC(2026, 10, 22, 20, 5, 6, 789))
    const { authorization = '', ...headers } = signed.headers
    expect(signed).toMatchObject({ url: request.url, method: 'POST', body: request.body })
    expect(signed).not.toHaveProperty('aws')
    expect(headers).toMatchObject({ 'x-amz-date': '20261122T200506Z', 'x-amz-security-token': 'session' })

    const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? ''
    const sent: Record<string, string> = { ...headers, host: 'bedrock-runtime.eu-central-1.amazonaws.com' }
    const canonical = [
      'POST',
      path.replaceAll('%', '%25'),
      '',
      ...names.split(';').map((name) => `${name}:${sent[name]}`),
      '',
      names,
      sha256(request.body),
    ].join('\n')
    const scope = '20261122/eu-central-1/bedrock/aws4_request'
    const toSign = ['AWS4-HMAC-SHA256', '20261122T200506Z', scope, sha256(canonical)].join('\n')
    const key = ['eu-central-1', 'bedrock', 'aws4_request'].reduce(
      (made, word) => hmac(made, word),
      hmac(`AWS4${aws.secretAccessKey}`, '20261122'),
    )
    expect(names.split(';')).toContain('x-amz-security-token')
    expect(authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${scope}, SignedHeaders=${names}, Signature=${hmac(key, toSign).toString('hex')}`,
    )
  })

  it('leaves a request alone that needs no signature', async () => {
    const request = { url: 'https://x.test/', method: 'POST', headers: {}, body: '' }
    expect(await signAws(request, 0)).toBe(request)
  })
})
