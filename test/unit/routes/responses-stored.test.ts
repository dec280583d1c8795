import { describe, expect, it } from 'vitest'
import { memoryResponses } from '../../../src/responses/memory.ts'
import { KEPT_MS } from '../../../src/responses/port.ts'
import { world } from './world.ts'

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-s', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null, ...more }] })}\n\n`
const stream = [chunk({ role: 'assistant', content: 'Hel' }), chunk({ content: 'lo!' })]
const end = [chunk({}, { finish_reason: 'stop' }), 'data: [DONE]\n\n']

/** The front door with a store; the vendor answers `text`, or streams these pieces. */
function keeping({ pieces, store = true }: { pieces?: readonly string[]; store?: boolean } = {}) {
  const w = world()
  const sent: { messages: unknown[] }[] = []
  let answers = 0
  if (store) Object.assign(w.deps, { responses: memoryResponses() })
  Object.assign(w.deps.gateway, {
    // Nothing waits for what follows a stream before it is read.
    defer: (_: string, work: Promise<unknown>) => void work.catch(() => {}),
    fetch: (_: string, init: { body: string }) => {
      sent.push(JSON.parse(init.body))
      answers += 1
      if (pieces)
        return Promise.resolve(new Response(pieces.join(''), { headers: { 'content-type': 'text/event-stream' } }))
      return Promise.resolve(
        Response.json({
          id: `chatcmpl-${answers}`,
          object: 'chat.completion',
          created: 1,
          model: 'm',
          choices: [{ index: 0, message: { role: 'assistant', content: `answer ${answers}` }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
        }),
      )
    },
  })
  return { ...w, sent }
}

const ask = (input: unknown, more: object = {}) => ({ model: 'small', input, ...more })

describe('stored responses', () => {
  it('are found again, with what they answered, and forgotten', async () => {
    const w = keeping()
    const { status, json } = await w.post('/v1/responses', ask('Hi'))
    expect([status, json.store, json.previous_response_id]).toEqual([200, true, null])
    expect((await w.get(`/v1/responses/${json.id}`)).json).toEqual(json)
    const items = await w.get(`/v1/responses/${json.id}/input_items`)
    expect(items.json).toMatchObject({
      object: 'list',
      data: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      has_more: false,
    })
    expect(items.json.first_id).toBe(items.json.data[0].id)
    const gone = await w.fetched(`/v1/responses/${json.id}`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer sk-master' },
    })
    expect(await gone.json()).toEqual({ id: json.id, object: 'response', deleted: true })
    expect((await w.get(`/v1/responses/${json.id}`)).status).toBe(404)
  })

  it('go on over several turns, each with all that was said before', async () => {
    const w = keeping()
    const first = await w.post('/v1/responses', ask('one'))
    const second = await w.post('/v1/responses', ask('two', { previous_response_id: first.json.id }))
    expect(second.json.previous_response_id).toBe(first.json.id)
    await w.fetched(`/v1/responses/${first.json.id}`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer sk-master' },
    })
    const third = await w.post(
      '/v1/responses',
      ask([{ role: 'user', content: 'three' }], { previous_response_id: second.json.id }),
    )
    expect(third.status).toBe(200)
    expect(w.sent[2]?.messages).toEqual([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'answer 1' },
      { role: 'user', content: 'two' },
      { role: 'assistant', content: 'answer 2' },
      { role: 'user', content: 'three' },
    ])
    const page = `/v1/responses/${third.json.id}/input_items?order=asc&limit=2`
    const before = (await w.get(page)).json
    const after = (await w.get(`${page}&after=${before.last_id}`)).json
    expect([before.has_more, before.data.length, after.data[0].content[0].text]).toEqual([true, 2, 'two'])
  })

  it('are kept when they were streamed to the end, and only then', async () => {
    const w = keeping({ pieces: [...stream, ...end] })
    const response = await w.fetched('/v1/responses', {
      method: 'POST',
      headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json' },
      body: JSON.stringify(ask('Hi', { stream: true })),
    })
    const events = (await response.text())
      .split('\n\n')
      .filter((event) => event !== '')
      .map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)))
    const { response: said } = events.find(({ type }) => type === 'response.completed')
    expect(events[0].response).toMatchObject({ id: said.id, store: true })
    expect(
      events
        .filter(({ type }) => type === 'response.output_text.delta')
        .map(({ delta }) => delta)
        .join(''),
    ).toBe('Hello!')
    await new Promise((resolve) => setTimeout(resolve))
    expect((await w.get(`/v1/responses/${said.id}`)).json).toEqual(said)

    const cut = keeping({ pieces: stream })
    const broken = await cut.fetched('/v1/responses', {
      method: 'POST',
      headers: { authorization: 'Bearer sk-master', 'content-type': 'application/json' },
      body: JSON.stringify(ask('Hi', { stream: true })),
    })
    const text = await broken.text()
    expect(text).not.toContain('response.completed')
    const id = /"id":"(resp_[^"]+)"/.exec(text)?.[1]
    expect((await cut.get(`/v1/responses/${id}`)).status).toBe(404)
  })

  it('belong to the team of their key, else to the key; others do not see them', async () => {
    const w = keeping()
    const team = (await w.post('/team/new', { team_alias: 'a' })).json.team_id
    const [one, two] = [await w.key({ team_id: team }), await w.key({ team_id: team })]
    const [alone, other] = [await w.key(), await w.key()]
    const ofTeam = (await w.post('/v1/responses', ask('Hi'), one)).json.id
    const own = (await w.post('/v1/responses', ask('Hi'), alone)).json.id
    expect((await w.get(`/v1/responses/${ofTeam}`, two)).status).toBe(200)
    expect((await w.get(`/v1/responses/${own}`, alone)).status).toBe(200)
    for (const [key, id] of [
      [alone, ofTeam],
      [other, own],
      [one, own],
    ] as const) {
      expect((await w.get(`/v1/responses/${id}`, key)).status).toBe(404)
      expect((await w.get(`/v1/responses/${id}/input_items`, key)).status).toBe(404)
      const { status, json } = await w.post('/v1/responses', ask('more', { previous_response_id: id }), key)
      expect([status, json.error.code, json.error.param]).toEqual([
        400,
        'previous_response_not_found',
        'previous_response_id',
      ])
    }
  })

  it('are not kept with store: false, nor for ever', async () => {
    const w = keeping()
    const not = (await w.post('/v1/responses', ask('Hi', { store: false }))).json
    expect(not.store).toBe(false)
    expect((await w.get(`/v1/responses/${not.id}`)).status).toBe(404)
    const kept = (await w.post('/v1/responses', ask('Hi'))).json
    w.pass(KEPT_MS)
    expect((await w.get(`/v1/responses/${kept.id}`)).status).toBe(404)
  })
})

describe('without a store', () => {
  it('says that nothing was kept, and why nothing can be referred to', async () => {
    const w = keeping({ store: false })
    const { headers, json } = await w.post('/v1/responses', ask('Hi', { store: true }))
    expect([headers.get('x-tollgate-response-stored'), json.store]).toEqual(['false', false])
    expect((await w.post('/v1/responses', ask('Hi'))).headers.get('x-tollgate-response-stored')).toBeNull()
    const refused = await w.post('/v1/responses', ask('Hi', { previous_response_id: 'resp_1' }))
    expect([refused.status, refused.json.error.message]).toEqual([400, expect.stringMatching(/keeps no responses/)])
    expect((await w.get('/v1/responses/resp_1')).status).toBe(404)
  })
})
