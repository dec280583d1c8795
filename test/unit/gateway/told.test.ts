import { expect, it } from 'vitest'
import { answered, chunk, gatewayWorld, keyWith, streamed } from '../../support/gateway-world.ts'

const hello = { model: 'small', messages: [{ role: 'user', content: 'prompt-SECRET' }] }
const good = () => answered('answer-SECRET', { prompt_tokens: 10, completion_tokens: 5 })
const rowOf = async (headers: Record<string, string>, more: Record<string, unknown> = {}, vendor = good) => {
  const world = gatewayWorld(vendor)
  const principal = { ...keyWith(), teamId: 't', teamAlias: 'The team' }
  await world.ask({ ...hello, ...more }, principal, undefined, {}, headers).catch(() => {})
  await world.rest()
  return world.rows()
}

it('an event says who asked from where, for which session and trace, and what its prompt cost', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const headers = { 'cf-connecting-ip': '1.2.3.4', 'user-agent': 'a/1', traceparent, 'x-litellm-session-id': 's' }
  const [row] = await rowOf(headers, { metadata: { trace_id: 't-1', generation_name: 'g', trace_user_id: 'u' } })
  expect(row).toMatchObject({
    requester_ip_address: '1.2.3.4',
    user_agent: 'a/1',
    traceparent,
    session_id: 's',
    trace_id: 't-1',
    generation_name: 'g',
    trace_user_id: 'u',
    team_alias: 'The team',
    received_ms: row!.start_ms,
  })
  expect(BigInt(row!.input_cost_nano!) > 0n && BigInt(row!.input_cost_nano!) < BigInt(row!.cost_nano)).toBe(true)
  expect(JSON.stringify(row)).not.toMatch(/prompt-SECRET|answer-SECRET|sk-/)
})

it('an event names the kept prompt that it was written by, and nothing of what that says', async () => {
  const prompt = { name: 'greeting', version: 3, prompt: 'prompt-SECRET' }
  const [row] = await rowOf({}, { metadata: { prompt } })
  expect(row).toMatchObject({ prompt_name: 'greeting', prompt_version: 3 })
  expect(JSON.stringify(row)).not.toContain('prompt-SECRET')
  for (const odd of ['greeting', { name: 'greeting' }, { name: 7, version: 3 }, { name: 'greeting', version: '3' }])
    expect((await rowOf({}, { metadata: { prompt: odd } }))[0]).not.toHaveProperty('prompt_name')
})

it.each([
  [{}, { 'no-log': true }, ['*']],
  [{ 'x-litellm-disable-callbacks': 'Langfuse, otel' }, {}, ['langfuse', 'otel']],
  [{}, {}, undefined],
])('%j and %j: not to be told are %j', async (headers, more, unlogged) => {
  const [row] = await rowOf(headers as Record<string, string>, more)
  expect(row!.unlogged).toEqual(unlogged)
})

it.each([
  [{}, { metadata: { spend_logs_metadata: { job: 7, of: { team: 'x' } } } }, { job: 7, of: { team: 'x' } }],
  [{ 'x-litellm-spend-logs-metadata': '{"job":7}' }, {}, { job: 7 }],
  [{ 'x-litellm-spend-logs-metadata': '{"job":7}' }, { metadata: { spend_logs_metadata: { job: 8 } } }, { job: 8 }],
  [{}, { metadata: { spend_logs_metadata: {} } }, undefined],
])('%j and %j: what is said for the log alone is %j, and goes to no vendor', async (headers, more, said) => {
  const sent: string[] = []
  const world = gatewayWorld((_, init) => {
    sent.push(String(init.body))
    return good()
  })
  await world.ask({ ...hello, ...more }, keyWith(), undefined, {}, headers as Record<string, string>)
  await world.rest()
  expect(world.rows()[0]!.spend_logs_metadata).toEqual(said)
  expect(sent.join()).not.toContain('job')
})

it.each([
  [{}, { metadata: { spend_logs_metadata: 'text' } }, 'metadata.spend_logs_metadata'],
  [{}, { metadata: { spend_logs_metadata: { long: 'x'.repeat(4_096) } } }, 'metadata.spend_logs_metadata'],
  [{ 'x-litellm-spend-logs-metadata': '{"job":' }, {}, 'x-litellm-spend-logs-metadata'],
])('%j and %.80j: what cannot be kept is refused before anybody is asked', async (headers, more, param) => {
  let asked = 0
  const world = gatewayWorld(() => {
    asked += 1
    return good()
  })
  const asking = world.ask({ ...hello, ...more }, keyWith(), undefined, {}, headers as Record<string, string>)
  await expect(asking).rejects.toMatchObject({ kind: 'invalid_request', details: { param } })
  expect(asked).toBe(0)
})

it('a traceparent that is none is not taken', async () => {
  for (const traceparent of ['nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`])
    expect((await rowOf({ traceparent }))[0]).not.toHaveProperty('traceparent')
})

it('a failure after which somebody else is asked says so, and the one after it how many came before', async () => {
  const rows = await rowOf({}, { model: 'primary' }, () => new Response('down', { status: 500 }))
  expect(rows.map(({ fallbacks }) => fallbacks)).toEqual([undefined, 1, 2])
  expect([rows[0]!.elsewhere, rows[2]!.elsewhere]).toEqual([true, undefined])
})

it('a vendor is told the trace where the operator wants it, with the attempt as the parent', async () => {
  const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
  const sent: (string | null)[] = []
  const world = gatewayWorld((_, init) => {
    sent.push(new Headers(init.headers).get('traceparent'))
    return good()
  })
  await world.ask(hello, keyWith(), undefined, {}, { traceparent: given })
  Object.assign(world.deps, {
    config: { ...world.deps.config, observe: { sinks: [], settings: {}, forwardsTrace: true } },
  })
  await world.ask(hello, keyWith(), undefined, {}, { traceparent: given })
  await world.ask(hello)
  await world.rest()
  const [, second, third] = world.rows()
  const span = (id: string) => id.replaceAll('-', '').slice(-16)
  expect(sent).toEqual([
    null,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${span(second!.id)}-00`,
    `00-${third!.request_id.replaceAll('-', '')}-${span(third!.id)}-01`,
  ])
})

it.each([
  [{ 'x-ratelimit-remaining-requests': '59', 'x-ratelimit-remaining-tokens': '9000' }, 59, 9000],
  [{ 'anthropic-ratelimit-requests-remaining': '3' }, 3, undefined],
  [{ 'x-ratelimit-remaining-requests': 'many', 'x-ratelimit-remaining-tokens': '-1' }, undefined, undefined],
])('what the vendor says is left of its limits is told: %j', async (headers, requests, tokens) => {
  const answer = () => {
    const response = good()
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
    return response
  }
  const [row] = await rowOf({}, {}, answer)
  expect([row!.vendor_remaining_requests, row!.vendor_remaining_tokens]).toEqual([requests, tokens])
})

it('so it is of a stream', async () => {
  const lines = [chunk({ role: 'assistant', content: 'hi' }), chunk({}, 'stop'), '[DONE]']
  const answer = () => {
    const response = streamed(lines)
    response.headers.set('x-ratelimit-remaining-requests', '7')
    return response
  }
  const world = gatewayWorld(answer)
  const response = await world.ask({ ...hello, stream: true }, keyWith())
  await response.text()
  await world.rest()
  expect(world.rows()[0]!.vendor_remaining_requests).toBe(7)
})
