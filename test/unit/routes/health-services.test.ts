import { expect, it } from 'vitest'
import { testSink } from '../../../src/deps/signals.ts'
import { deliver } from '../../../src/observe/deliver.ts'
import { sinks } from '../../../src/observe/registry.ts'
import { AlertsWorld } from '../../support/alerts-world.ts'
import { world } from './world.ts'

const { privateKey } = await crypto.subtle.generateKey(
  { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  true,
  ['sign', 'verify'],
)
const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')
const account = {
  ...{ type: 'service_account', client_email: 'a@b.c', token_uri: 'https://told.test/token' },
  private_key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
}
/** What a variable must look like for its sink to accept it; any other is a word. */
const settingFor = (name: string) => {
  if (name === 'SENTRY_DSN') return 'https://planted-key@told.test/1'
  if (name === 'BIGQUERY_CREDENTIALS_JSON') return JSON.stringify(account)
  return /URL|HOST|ENDPOINT/.test(name) ? 'https://told.test' : 'planted-value'
}

const types = ['budget_alerts'] as const
const channels = ['slack', 'teams', 'discord', 'webhook', 'pagerduty', 'email'] as const

/** A gateway with every sink and every channel, whose receivers all answer the same. */
function tellingAll(status: number) {
  const w = world()
  const told: string[] = []
  const receiver = (async (url: string) => {
    told.push(String(url))
    if (String(url).endsWith('/token')) return Response.json({ access_token: 't', expires_in: 3600 })
    return new Response(status < 300 ? '{}' : 'planted-answer', { status })
  }) as typeof fetch
  const variable = (name: string) => settingFor(name)
  const { gateway } = w.deps
  const alerting = new AlertsWorld({
    receivers: channels.map((channel) => ({ channel, to: `https://${channel}.test/x`, types })),
    mail: { service: 'resend', from: 'a@b.c', to: 'd@e.f' },
  })
  if (status >= 300) for (const start of ['https://', 'http://']) alerting.refusing.set(start, status)
  Object.assign(w.deps, {
    gateway: {
      ...gateway,
      config: {
        ...gateway.config,
        observe: { sinks: sinks.map(({ name }) => ({ name, told: 'all' })), settings: {} },
      },
    },
    alerts: alerting.alerts,
    testSink: (sink: string) =>
      testSink(
        {
          deliver: (delivery, id) =>
            deliver(delivery, id, { variable, version: 'test', clock: gateway.clock, fetch: receiver }),
        },
        sink,
        gateway.clock(),
      ),
  })
  return { w, told, alerting }
}

const services = [...new Set([...sinks.map(({ name }) => name), ...channels, 's3', 'opentelemetry', 'webhook'])]

it.each(services)('%s is told of a test and is said to have taken it', async (service) => {
  const { w, told, alerting } = tellingAll(200)
  const { status, json } = await w.get(`/health/services?service=${service}`)
  expect([status, json.status]).toEqual([200, 'success'])
  expect(told.length + alerting.sent.length).toBeGreaterThan(0)
})

it.each(services)('%s that refuses a test is said to, with its status and nothing that is secret', async (service) => {
  const { w } = tellingAll(403)
  const { status, json } = await w.get(`/health/services?service=${service}`)
  expect([status, json.status]).toEqual([502, 'error'])
  for (const { ok, error } of json.receivers) expect([ok, error]).toEqual([false, expect.stringMatching(/403$/)])
  expect(JSON.stringify(json)).not.toMatch(/planted|\/x/)
})
