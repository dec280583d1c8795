import { afterAll, describe, expect, it } from 'vitest'
import { deliver } from '../../../src/observe/deliver.ts'
import { sinks } from '../../../src/observe/registry.ts'
import { startReceiver } from '../../support/receiver.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const receiver = await startReceiver()
afterAll(() => receiver.stop())

const deps = (values: Readonly<Record<string, string>>) => ({
  variable: (name: string) => values[name],
  version: 'test',
  clock: () => Date.UTC(2026, 10, 22, 12),
  fetch,
})
const event = spendEventOf({
  id: '0192f0c0-0000-7000-8000-0000000000ab',
  status: 'failure',
  cost_nano: '12',
  input_cost_nano: '5',
})

describe('a delivery', () => {
  it.each([
    ['generic_api', { GENERIC_LOGGER_ENDPOINT: `${receiver.url}/hook` }],
    ['otel', { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }],
    ['datadog', { DD_API_KEY: 'k', DD_BASE_URL: receiver.url }],
    ['s3_v2', { S3_BUCKET_NAME: 'b', S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 's', S3_ENDPOINT_URL: receiver.url }],
  ])('reaches %s', async (sink, values) => {
    const before = receiver.received.length
    await deliver({ sink, events: [event] }, 'delivery-1', deps(values))
    expect(receiver.received.length).toBeGreaterThan(before)
  })

  it('says which variable a sink lacks', async () => {
    for (const { name, settings } of sinks) {
      const [needed] = Object.values(settings).flatMap(({ variable, otherwise, optional }) =>
        otherwise === undefined && !optional ? [variable] : [],
      )
      await expect(deliver({ sink: name, events: [event] }, 'd', deps({}))).rejects.toThrow(needed)
    }
  })

  it('fails with the host and the status, and nothing of what was sent', async () => {
    receiver.is('refuses')
    const values = { LANGFUSE_PUBLIC_KEY: 'pk', LANGFUSE_SECRET_KEY: 'sk-planted', LANGFUSE_HOST: receiver.url }
    await expect(deliver({ sink: 'langfuse', events: [event] }, 'd', deps(values))).rejects.toThrow(
      `${new URL(receiver.url).host} answered 503`,
    )
    receiver.is('none')
  })
})
