import { connect } from 'node:net'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { eventually, useGateway } from '../support/gateway.ts'
import { type Event, respond, startRealtimeVendor, USAGE } from '../support/realtime-vendor.ts'
import { configFile } from '../support/vendor.ts'

const VENDORS_KEY = 'sk-operator-key-at-the-vendor'

/** What it does with a response is said in the response's metadata. */
const vendor = await startRealtimeVendor((talk, event) => {
  const begun = { id: 'resp_long', object: 'realtime.response', status: 'in_progress' }
  switch (event.type) {
    case 'response.cancel':
      talk.say({ type: 'response.done', response: { ...begun, status: 'cancelled', usage: USAGE } })
      return true
    case 'response.create': {
      const { how } = (event.response as { metadata?: { how?: string } })?.metadata ?? {}
      if (how === undefined) return false
      if (how === 'refuse')
        talk.say({
          type: 'error',
          error: { type: 'invalid_request_error', message: `busy, ${VENDORS_KEY}`, event_id: event.event_id },
        })
      else {
        talk.say({ type: 'response.created', response: begun })
        talk.say({ type: 'response.output_text.delta', response_id: begun.id, delta: 'x'.repeat(400) })
        if (how === 'die') setTimeout(() => talk.socket.terminate(), 50)
      }
      return true
    }
    // Whoever has spoken twice is answered unasked, and what was said is written down.
    case 'input_audio_buffer.append':
      if (talk.got.filter(({ type }) => type === event.type).length % 2 === 0) {
        const item_id = `item_${talk.got.length}`
        talk.say({ type: 'input_audio_buffer.committed', item_id })
        respond(talk, `resp_${talk.got.length}`)
        const usage = { type: 'duration', seconds: 3 }
        const type = 'conversation.item.input_audio_transcription.completed'
        talk.say({ type, item_id, content_index: 0, transcript: 'hi', usage })
      }
      return true
    default:
      return false
  }
})
afterAll(() => vendor.stop())

const config = configFile(`
model_list:
  - model_name: voice
    litellm_params: { model: openai/gpt-realtime, api_key: os.environ/OPENAI_API_KEY, api_base: ${vendor.url}/v1 }
  - model_name: azure-voice
    litellm_params: { model: azure/their-voice, api_key: os.environ/OPENAI_API_KEY, api_base: ${vendor.url}, api_version: 2024-10-01-preview }
    model_info: { base_model: azure/gpt-realtime }
  - model_name: fails-first
    litellm_params: { model: openai/gpt-realtime, api_key: k, api_base: http://127.0.0.1:1/v1, order: 1 }
  - model_name: fails-first
    litellm_params: { model: openai/gpt-realtime, api_key: os.environ/OPENAI_API_KEY, api_base: ${vendor.url}/v1, order: 2 }
  - model_name: scribe
    litellm_params: { model: openai/whisper-1, api_key: os.environ/OPENAI_API_KEY, api_base: ${vendor.url}/v1 }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
`)

/** gpt-realtime by the million: text 4, cached 0.4, sound 32, cached sound 0.4; written 16, spoken 64 dollars. */
const COST = String((300 * 4_000_000 + 300 * 400_000 + 400 * 32_000_000 + 100 * 16_000_000 + 200 * 64_000_000) / 1000)

describe('realtime', () => {
  const gateway = useGateway({ configFile: config, vars: { OPENAI_API_KEY: VENDORS_KEY } })

  const rowsOf = (token: string, count: number, status?: string) =>
    eventually(
      async () =>
        (
          await gateway().db.query(
            `select status, call_type, model, model_group, cost_nano, prompt_tokens, completion_tokens, request_id,
                    usage_estimated, hold_nano from spend_log where api_key = $1 order by id`,
            [token],
          )
        ).rows as Record<string, unknown>[],
      (found) => found.filter((row) => status === undefined || row.status === status).length >= count,
      15_000,
    )

  function open(key: string, query = 'model=voice', protocols: string[] = []) {
    const socket = new WebSocket(
      `${gateway().url().replace('http', 'ws')}/v1/realtime?${query}`,
      protocols,
      protocols.length > 0 ? {} : { headers: { authorization: `Bearer ${key}` } },
    )
    const heard: Event[] = []
    socket.on('message', (data: Buffer) => heard.push(JSON.parse(String(data)) as Event))
    const refused = new Promise<number>((resolve) =>
      socket.on('unexpected-response', (_: unknown, response: { statusCode: number }) => resolve(response.statusCode)),
    )
    socket.on('error', () => {})
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      socket.on('close', (code: number, reason: Buffer) => resolve({ code, reason: String(reason) })),
    )
    const opened = new Promise<void>((resolve) => socket.on('open', () => resolve()))
    const until = (type: string, count = 1) =>
      eventually(
        () => Promise.resolve(heard.filter((one) => one.type === type)),
        (found) => found.length >= count,
        15_000,
      )
    const send = (event: object) => socket.send(JSON.stringify(event))
    return { socket, heard, refused, closed, opened, until, send }
  }

  it('serves OpenAI’s client, under the name of the model, and charges what each response tells', async () => {
    const { key, token } = await gateway().key({ max_budget: 10 })
    const client = new OpenAI({ apiKey: key, baseURL: `${gateway().url()}/v1` })
    // It only speaks TLS; the gateway of the tests does not.
    const { hostname, port } = new URL(gateway().url())
    const options = { createConnection: () => connect(Number(port), hostname) }
    const realtime = new OpenAIRealtimeWS({ model: 'voice', options }, client)
    const text = await new Promise<string>((resolve, reject) => {
      let said = ''
      realtime.on('error', reject)
      realtime.on('session.created', ({ session }) => {
        expect(session).toMatchObject({ model: 'voice', instructions: 'Be kind.' })
        expect(session).not.toHaveProperty('client_secret')
        realtime.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } })
      })
      realtime.on('session.updated', () => realtime.send({ type: 'response.create' }))
      realtime.on('response.output_text.delta', ({ delta }) => {
        said += delta
      })
      realtime.on('response.done', () => resolve(said))
    })
    expect(text).toBe('hello')
    realtime.close()
    const { url, headers } = vendor.last()
    expect(url).toBe('/v1/realtime?model=gpt-realtime')
    expect(headers.authorization).toBe(`Bearer ${VENDORS_KEY}`)
    expect(JSON.stringify(headers)).not.toContain(key)
    expect(await rowsOf(token, 1)).toMatchObject([
      {
        status: 'success',
        call_type: '_arealtime',
        model: 'gpt-realtime',
        model_group: 'voice',
        cost_nano: COST,
        prompt_tokens: '1000',
        completion_tokens: '300',
        usage_estimated: false,
      },
    ])
  })

  it('lets browsers in by their protocol, and never shows it to the vendor', async () => {
    const { key, token } = await gateway().key({ max_budget: 10 })
    const client = open('', 'model=voice', ['realtime', `openai-insecure-api-key.${key}`, 'openai-beta.realtime-v1'])
    await client.opened
    expect(client.socket.protocol).toBe('realtime')
    client.send({ type: 'response.create' })
    await client.until('response.done')
    client.socket.close()
    expect(vendor.last().headers['openai-beta']).toBe('realtime=v1')
    expect(JSON.stringify(vendor.last().headers)).not.toContain(key)
    expect(await rowsOf(token, 1)).toMatchObject([{ cost_nano: COST }])
    const page = open(key, 'model=voice', [])
    await page.opened
    page.socket.close(1000, 'done')
    expect((await page.closed).code).toBe(1000)
    // A session in which nothing was answered is a row of its own that cost nothing.
    expect(await rowsOf(token, 2)).toMatchObject([{}, { status: 'success', cost_nano: '0' }])
  })

  it('asks Azure by its own address, for who shows an api-key', async () => {
    const { key, token } = await gateway().key()
    const socket = new WebSocket(
      `${gateway().url().replace('http', 'ws')}/openai/realtime?api-version=x&deployment=azure-voice`,
      { headers: { 'api-key': key, origin: 'https://page.example' } },
    )
    const created = new Promise<Event>((resolve) =>
      socket.once('message', (data: Buffer) => resolve(JSON.parse(String(data)) as Event)),
    )
    expect(await created).toMatchObject({ type: 'session.created' })
    socket.send(JSON.stringify({ type: 'response.create' }))
    await rowsOf(token, 1)
    socket.close()
    expect(vendor.last().url).toBe('/openai/realtime?api-version=2024-10-01-preview&deployment=their-voice')
    expect(vendor.last().headers['api-key']).toBe(VENDORS_KEY)
    expect(await rowsOf(token, 1)).toMatchObject([{ model_group: 'azure-voice', cost_nano: COST }])
  })

  it('refuses at the door who may not talk, and what is no conversation', async () => {
    const { key } = await gateway().key({ models: ['scribe'] })
    expect(await open(key).refused).toBe(401)
    expect(await open('sk-nobody').refused).toBe(401)
    const any = (await gateway().key()).key
    expect(await open(any, 'model=nobody').refused).toBe(400)
    expect(await open(any, 'model=scribe').refused).toBe(501)
    expect(await open(any, 'model=voice&intent=transcription').refused).toBe(400)
    const plain = await fetch(`${gateway().url()}/v1/realtime?model=voice`, {
      headers: { authorization: `Bearer ${any}` },
    })
    expect(plain.status).toBe(426)
  })

  it('goes on to the next where one cannot be opened', async () => {
    const { key, token } = await gateway().key({ max_budget: 10 })
    const client = open(key, 'model=fails-first')
    await client.opened
    client.send({ type: 'response.create' })
    await client.until('response.done')
    client.socket.close()
    await rowsOf(token, 1, 'success')
    const rows = await rowsOf(token, 1, 'failure')
    expect(rows.filter(({ status }) => status === 'success')).toMatchObject([{ cost_nano: COST }])
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(1)
  })

  it('holds the worst case of each response, and ends with an error when the budget is out', async () => {
    // An answer in sound may cost 4096 × 64 dollars a million: two of them do not fit.
    const { key, token } = await gateway().key({ max_budget: 0.3 })
    const client = open(key)
    await client.opened
    client.send({ type: 'response.create' })
    await client.until('response.done')
    client.send({ type: 'response.create', event_id: 'mine' })
    expect(await client.until('error')).toMatchObject([{ error: { type: 'budget_exceeded', event_id: 'mine' } }])
    expect((await client.closed).code).toBe(1008)
    expect(vendor.last().got.filter(({ type }) => type === 'response.create')).toHaveLength(1)
    const rows = await rowsOf(token, 1)
    expect(rows).toMatchObject([{ cost_nano: COST }])
    expect(BigInt(String(rows[0]?.hold_nano))).toBeGreaterThan(BigInt(COST))

    // A short answer in text still fits.
    const again = open(key)
    await again.opened
    again.send({ type: 'response.create', response: { output_modalities: ['text'], max_output_tokens: 200 } })
    await again.until('response.done')
    again.socket.close()
    await rowsOf(token, 2)
  })

  it('frees what was held for a response that the vendor would not make, and shows no key of the operator', async () => {
    const { key } = await gateway().key({ max_budget: 0.3 })
    const client = open(key)
    await client.opened
    for (const event_id of ['first', 'second', 'third'])
      client.send({ type: 'response.create', event_id, response: { metadata: { how: 'refuse' } } })
    const errors = await client.until('error', 1)
    expect(JSON.stringify(errors)).not.toContain(VENDORS_KEY)
    expect(errors[0]).toMatchObject({ error: { event_id: 'first' } })
    await client.until('error', 3)
    client.send({ type: 'response.create' })
    await client.until('response.done')
    client.socket.close()
  })

  it('charges a response whose client has left by what the vendor still tells', async () => {
    const { key, token } = await gateway().key({ max_budget: 10 })
    const client = open(key)
    await client.opened
    client.send({ type: 'response.create', response: { metadata: { how: 'long' } } })
    await client.until('response.output_text.delta')
    client.socket.terminate()
    expect(await rowsOf(token, 1)).toMatchObject([{ status: 'cancelled', cost_nano: COST, usage_estimated: false }])
    expect(vendor.last().got.at(-1)).toEqual({ type: 'response.cancel', response_id: 'resp_long' })
    await vendor.last().closed
  })

  it('says so when the vendor breaks off, and reckons what it did', async () => {
    const { key, token } = await gateway().key({ max_budget: 10 })
    const client = open(key)
    await client.opened
    client.send({ type: 'response.create', response: { metadata: { how: 'die' } } })
    expect(await client.until('error')).toMatchObject([{ error: { type: 'upstream_error' } }])
    expect((await client.closed).code).toBe(1011)
    const rows = await rowsOf(token, 1)
    expect(rows).toMatchObject([{ status: 'failure', usage_estimated: true, completion_tokens: '100' }])
  })

  it('has one session for each slot of max_parallel_requests', async () => {
    const { key } = await gateway().key({ max_parallel_requests: 1 })
    const first = open(key)
    await first.opened
    expect(await open(key).refused).toBe(429)
    first.socket.close()
    await eventually(
      async () => {
        const next = open(key)
        const answer = await Promise.race([next.opened.then(() => 101), next.refused])
        next.socket.close()
        return answer
      },
      (answer) => answer === 101,
      15_000,
    )
  })

  it('ends soon when its key is blocked', async () => {
    const { key } = await gateway().key({ max_budget: 10 })
    const client = open(key)
    await client.opened
    await gateway().admin('POST', '/key/block', { key })
    expect(await client.closed).toMatchObject({ code: 1008 })
    expect(client.heard.at(-1)).toMatchObject({ type: 'error', error: { type: 'auth_error' } })
  })

  it('holds before it lets a vendor hear what it may answer by itself, and charges what is written down', async () => {
    const { key, token } = await gateway().key({ max_budget: 10 })
    const client = open(key)
    await client.opened
    const input = { turn_detection: { type: 'server_vad' }, transcription: { model: 'scribe' } }
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { input } } })
    await client.until('session.updated')
    expect(vendor.last().got.at(-1)).toMatchObject({
      session: { audio: { input: { transcription: { model: 'whisper-1' } } } },
    })
    const audio = Buffer.alloc(4_800).toString('base64')
    for (let pieces = 0; pieces < 4; pieces++) client.send({ type: 'input_audio_buffer.append', audio })
    await client.until('response.done', 2)
    client.socket.close()
    const rows = await rowsOf(token, 4)
    const answers = rows.filter(({ call_type }) => call_type === '_arealtime')
    expect(answers).toMatchObject([{ cost_nano: COST }, { cost_nano: COST }])
    for (const { hold_nano } of answers) expect(BigInt(String(hold_nano))).toBeGreaterThan(BigInt(COST))
    // Three seconds at 0.006 dollars a minute.
    const written = { call_type: 'atranscription', model: 'whisper-1', cost_nano: '300000' }
    expect(rows.filter(({ call_type }) => call_type !== '_arealtime')).toMatchObject([written, written])

    const poor = await gateway().key({ max_budget: 0.1 })
    const unheard = open(poor.key)
    await unheard.opened
    unheard.send({ type: 'session.update', session: { type: 'realtime', audio: { input } } })
    await unheard.until('session.updated')
    unheard.send({ type: 'input_audio_buffer.append', audio })
    expect((await unheard.closed).code).toBe(1008)
    expect(vendor.last().got.map(({ type }) => type)).not.toContain('input_audio_buffer.append')
  })

  it('takes what it knows from a client, and nothing else', async () => {
    const { key } = await gateway().key()
    const client = open(key)
    await client.opened
    client.socket.send('no json')
    client.send({ type: 'transcription_session.update', event_id: 'odd' })
    client.send({ type: 'session.update', session: { type: 'transcription' } })
    client.socket.send('{"type":"conversation.item.retrieve","item_id":"1","type":"response.create"}')
    const errors = await client.until('error', 3)
    expect(errors.map(({ error }) => (error as { event_id: unknown }).event_id)).toEqual([null, 'odd', null])
    await client.until('response.done')
    client.socket.close()
  })
})
