import { describe, expect, it } from 'vitest'
import { messagesOf, type Read } from '../../../src/alerts/message.ts'
import type { Letter } from '../../../src/alerts/port.ts'
import type { ChannelName } from '../../../src/config/alerts.ts'
import { settingsOf } from '../../support/alerts-world.ts'
import { pagerdutyEvent } from '../../support/sink-contracts.ts'

const NOW = Date.UTC(2026, 10, 18, 12)
const about = { group: 'fast', deployment: 'd1', provider: 'openai', model: 'gpt-4o-mini' }

const failed = (id: string, error = 'overloaded'): Letter => ({
  ...{ id, receiver: 'x:0', type: 'llm_exceptions', dueMs: NOW },
  facts: { kind: 'exception', ...about, count: 1, status: 503, error, requestId: id },
})
const outage = (level: 'minor' | 'major' | 'resolved'): Letter => ({
  ...{ id: `outage:d1:${NOW}:${level}`, receiver: 'x:0', type: 'outage_alerts', dueMs: NOW },
  facts: { kind: 'outage', ...about, level, failures: 5, requests: 9, sinceMs: NOW },
})

function sent(channel: ChannelName, letters: readonly Letter[], { to = 'https://hook.test/x', mail = 'resend' } = {}) {
  const service = mail === 'sendgrid' ? ('sendgrid' as const) : ('resend' as const)
  const settings = settingsOf({ mail: { service, from: 'from', to: 'to' } })
  const values: Record<string, string> = { to, mailFrom: 'gate@a.test', mailTo: 'b@c.test, d@e.test' }
  const read: Read = (name) => values[name]
  return messagesOf(letters, { channel }, settings, read, NOW).map(({ post }) => ({
    ...post,
    json: JSON.parse(String(post.body)),
  }))
}
const two = [failed('a'), failed('b', 'timeout')]

describe('what channels are sent', () => {
  it('Slack: one text with all of them, where what others wrote is no markup', () => {
    const [message, ...more] = sent('slack', [failed('a', '<!channel>'), failed('b')])
    expect([message!.json.text, more]).toEqual([expect.stringContaining('1 × 503 &lt;!channel&gt;'), []])
    expect(message!.json.text).toContain('First call id: b')
  })

  it('Teams: an adaptive card', () => {
    const [message] = sent('teams', two)
    const [{ contentType, content }] = message!.json.attachments
    expect(contentType).toBe('application/vnd.microsoft.card.adaptive')
    const [title, text] = content.body.map(({ text }: { text: string }) => text)
    expect(title).toContain('LLM API calls failed: fast')
    expect(text).toMatch(/503 overloaded[\s\S]*503 timeout/)
  })

  it('Discord: at most two thousand characters a message, which mention nobody, and as many messages as it takes', () => {
    const many = Array.from({ length: 60 }, (_, n) => failed(`call-${n}.`, `error-${n}.`))
    const messages = sent('discord', many)
    expect(messages.length).toBeGreaterThan(2)
    for (const { json } of messages) {
      expect(json.content.length).toBeLessThanOrEqual(2_000)
      expect(json.allowed_mentions).toEqual({ parse: [] })
    }
    const all = messages.map(({ json }) => json.content).join('\n')
    for (let n = 0; n < 60; n++) expect(all).toContain(`503 error-${n}.`)
  })

  it('an address of Slack’s that is another’s tells its channel', () => {
    expect(sent('slack', two, { to: 'https://discord.com/api/webhooks/1/x' })[0]!.json).toHaveProperty('content')
    expect(sent('slack', two, { to: 'https://discord.com/api/webhooks/1/x/slack' })[0]!.json).toHaveProperty('text')
    expect(sent('slack', two, { to: 'https://a.webhook.office.com/x' })[0]!.json).toHaveProperty('attachments')
  })

  it('a webhook: one for each, with the facts as JSON and an id to know it again by', () => {
    const messages = sent('webhook', [failed('đội:1'), failed('b')])
    expect(messages.map(({ headers }) => decodeURIComponent(headers['x-tollgate-alert']!))).toEqual(['đội:1', 'b'])
    expect(messages[0]!.json).toMatchObject({
      ...{ event: 'exception', alert_type: 'llm_exceptions', level: 'high', id: 'đội:1' },
      facts: { status: 503, error: 'overloaded' },
    })
  })

  it('PagerDuty: an outage is one incident from its beginning to its end', () => {
    const messages = sent('pagerduty', [outage('minor'), outage('major'), outage('resolved')], { to: 'routing-key' })
    const [minor, major, resolved] = messages.map(({ json }) => json)
    for (const event of [minor, major]) expect(pagerdutyEvent.safeParse(event).error?.issues ?? []).toEqual([])
    expect([minor.payload.severity, major.payload.severity]).toEqual(['warning', 'critical'])
    expect([major.dedup_key, resolved.dedup_key]).toEqual([minor.dedup_key, minor.dedup_key])
    expect(resolved).toEqual({ routing_key: 'routing-key', event_action: 'resolve', dedup_key: minor.dedup_key })
  })

  it('mail: one for all, to everybody', () => {
    const [resend] = sent('email', two, { to: 'key' })
    expect(resend!.headers.authorization).toBe('Bearer key')
    expect(resend!.json).toMatchObject({ from: 'gate@a.test', to: ['b@c.test', 'd@e.test'] })
    expect(resend!.json.subject).toMatch(/LLM API calls failed: fast \(\+1\)$/)
    expect(resend!.json.text).toMatch(/503 overloaded[\s\S]*503 timeout/)
    const [sendgrid] = sent('email', two, { to: 'key', mail: 'sendgrid' })
    expect(sendgrid!.json.personalizations).toEqual([{ to: [{ email: 'b@c.test' }, { email: 'd@e.test' }] }])
    expect(sendgrid!.json.content).toEqual([{ type: 'text/plain', value: resend!.json.text }])
  })

  it('mail that is tried again is the same to the service, and another once more letters have joined', () => {
    const idOf = (...letters: Letter[]) => sent('email', letters, { to: 'key' })[0]!.headers['idempotency-key']!
    expect(idOf(...two)).toBe(idOf(...two))
    expect(new Set([idOf(failed('a')), idOf(...two), idOf(...two, failed('c'))]).size).toBe(3)
    // A team may be called anything; a header may not.
    const named = idOf(failed(`budget:80:team:${'đội '.repeat(200)}@30d`), failed('b'))
    expect([named.length <= 256, new Headers({ 'idempotency-key': named }).get('idempotency-key')]).toEqual([
      true,
      named,
    ])
  })
})
