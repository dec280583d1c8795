import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { deltasOf } from '../../src/observe/metrics.ts'
import type { MetricsObject } from '../../src/observe/metrics-object.ts'
import { parseMetrics } from '../support/prometheus-parser.ts'
import { spendEventOf } from '../support/spend-event.ts'

const { METRICS } = env as unknown as { readonly METRICS: DurableObjectNamespace<MetricsObject> }
const deltas = deltasOf([spendEventOf({ id: 'a' })], { endUsers: false })

it('a delivery counts once however often it comes, and its numbers outlive the object', async () => {
  const metrics = METRICS.getByName('all')
  const attempts = async () =>
    parseMetrics(await METRICS.getByName('all').text('text'), 'text').get('litellm_requests_metric_total')?.samples[0]
      ?.value
  await metrics.add('delivery-1', deltas)
  await metrics.add('delivery-1', deltas)
  await metrics.add('delivery-2', deltas)
  expect(await attempts()).toBe(2)
  await evictDurableObject(metrics)
  await METRICS.getByName('all').add('delivery-1', deltas)
  expect(await attempts()).toBe(2)
  await METRICS.getByName('all').add('delivery-3', deltas)
  expect(await attempts()).toBe(3)
})
