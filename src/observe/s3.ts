import { AwsClient } from 'aws4fetch'
import { standardPayload } from './payload.ts'
import { gzip, type Sink } from './sink.ts'

/**
 * S3, R2 and whatever speaks S3: one gzipped file of JSON lines for each delivery, under `PREFIX/YYYY-MM-DD/`. Its name
 * comes from the events in it, so a delivery that is repeated, for whatever reason, writes the same object again.
 */
export const s3: Sink = {
  name: 's3_v2',
  settings: {
    bucket: { variable: 'S3_BUCKET_NAME' },
    accessKeyId: { variable: 'S3_ACCESS_KEY_ID' },
    secretAccessKey: { variable: 'S3_SECRET_ACCESS_KEY' },
    sessionToken: { variable: 'S3_SESSION_TOKEN', optional: true },
    region: { variable: 'S3_REGION_NAME', otherwise: 'us-east-1' },
    /** Of R2: `https://ACCOUNT.r2.cloudflarestorage.com`. */
    endpoint: { variable: 'S3_ENDPOINT_URL', optional: true },
    prefix: { variable: 'S3_PATH', otherwise: 'tollgate' },
  },
  tellsBodies: true,
  async posts(events, settings, { nowMs, id, bodies }) {
    const { bucket = '', accessKeyId = '', secretAccessKey = '', sessionToken, region = '', prefix = '' } = settings
    const base = (settings.endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, '')
    // The day of what is told, so that a repetition on the next day finds the same name.
    const day = new Date(Math.min(...events.map(({ end_ms }) => end_ms), nowMs)).toISOString().slice(0, 10)
    const url = `${base}/${bucket}/${prefix.replace(/^\/+|\/+$/g, '')}/${day}/${encodeURIComponent(id)}.jsonl.gz`
    const body = await gzip(`${events.map((event) => JSON.stringify(standardPayload(event, bodies))).join('\n')}\n`)
    const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' }
    const aws = new AwsClient({
      accessKeyId,
      secretAccessKey,
      service: 's3',
      region,
      ...(sessionToken !== undefined && { sessionToken }),
    })
    const signed = await aws.sign(url, {
      method: 'PUT',
      headers,
      body,
      aws: { datetime: new Date(nowMs).toISOString().replaceAll(/[:-]|\.\d{3}/g, '') },
    })
    return [{ url, method: 'PUT', headers: Object.fromEntries(signed.headers), body }]
  },
}
