import { describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'

interface LogsPage {
  data: { request_id: string; spend: number; status: string; api_key: string }[]
  total: number
}

describe('the official OpenAI SDK', () => {
  const gateway = useGateway({ isolates: 2 })
  const today = () => new Date().toISOString().slice(0, 10)
  const logs = (token: string) =>
    gateway().admin<LogsPage>(
      'GET',
      `/spend/logs/v2?start_date=${today()}&end_date=${today()}%2023:59:59&api_key=${token}`,
    )

  it('completes, streams and lists models with a generated key', async () => {
    const { key } = await gateway().key({ max_budget: 1, rpm_limit: 100 })
    const client = gateway().openai(key)

    const answer = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Say hello.' }],
    })
    expect(answer.choices[0]!.message.content).toContain('Say hello.')
    expect(answer.usage!.total_tokens).toBeGreaterThan(0)
    expect(answer.model).toBe('gpt-4o-mini')

    const stream = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Say hello.' }],
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage = 0
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage += chunk.usage?.total_tokens ?? 0
    }
    expect(text).toBe(answer.choices[0]!.message.content)
    expect(usage).toBe(answer.usage!.total_tokens)

    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toContain('gpt-4o-mini')
  })

  it('has the whole of a stream that breaks off in the middle, as the shipped config.yaml says', async () => {
    const { key } = await gateway().key()
    const stream = await gateway()
      .openai(key)
      .chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'Please break off.' }],
        stream: true,
      })
    let text = ''
    const continuedBy: string[] = []
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta as { content?: string; provider_specific_fields?: { continued_by: string } }
      text += delta?.content ?? ''
      if (delta?.provider_specific_fields) continuedBy.push(delta.provider_specific_fields.continued_by)
    }
    expect(text).toMatch(/^You asked: "Please break off\."\. .* reaches the real model\.$/)
    expect(continuedBy).toEqual(['gpt-4.1-nano'])
  })

  it('finds its spend in /key/info and /spend/logs/v2 within five seconds, once, also when the queue repeats and reorders', async () => {
    const { runner } = gateway()
    // Every acknowledgement is lost, so every message comes again, until this is switched off.
    runner.queue.duplicate(1)
    runner.queue.reorder(true)
    const { key, token } = await gateway().key({ max_budget: 1 })
    const asked = 12
    const answers = await Promise.all(
      Array.from({ length: asked }, (_, n) =>
        gateway()
          .openai(key, n % 2)
          .chat.completions.create({
            model: n % 3 === 0 ? 'gpt-4o' : 'gpt-4o-mini',
            messages: [{ role: 'user', content: `Number ${n}` }],
            max_tokens: 50,
          })
          .withResponse(),
      ),
    )
    const costs = answers.map(({ response }) => Number(response.headers.get('x-litellm-response-cost')))
    const total = costs.reduce((sum, cost) => sum + Math.round(cost * 1e9), 0)
    expect(total).toBeGreaterThan(0)

    const page = await eventually(
      () => logs(token),
      ({ total }) => total === asked,
    )
    const ids = answers.map(({ response }) => response.headers.get('x-litellm-call-id'))
    expect(page.data.map(({ request_id }) => request_id).toSorted()).toEqual(ids.toSorted())

    // Whatever is delivered again must change nothing.
    runner.queue.duplicate(0)
    await eventually(
      () => Promise.resolve(runner.queue.depth()),
      (depth) => depth === 0,
    )
    const after = await logs(token)
    expect(after.data.reduce((sum, row) => sum + Math.round(row.spend * 1e9), 0)).toBe(total)
    const { info } = await gateway().admin<{ info: { spend: number } }>('GET', `/key/info?key=${key}`)
    expect(Math.round(info.spend * 1e9)).toBe(total)
    runner.queue.reorder(false)
  })

  it('is told in its own classes what was wrong', async () => {
    const { key } = await gateway().key({ models: ['gpt-4o'] })
    const hello = { messages: [{ role: 'user' as const, content: 'Hello' }] }
    const failing = (apiKey: string, model: string) =>
      gateway()
        .openai(apiKey)
        .chat.completions.create({ model, ...hello })
        .then(
          () => undefined,
          (error: unknown) => error,
        )
    expect(await failing('sk-nobody-knows-this', 'gpt-4o')).toMatchObject({
      status: 401,
      type: 'token_not_found_in_db',
    })
    expect(await failing(key, 'gpt-4o-mini')).toMatchObject({ status: 401, type: 'key_model_access_denied' })
    const everything = await gateway().key()
    expect(await failing(everything.key, 'no-such-model')).toMatchObject({ status: 400, code: 'model_not_found' })
  })

  it('is refused from the moment its key is blocked, and served again when it is not, on every isolate', async () => {
    const { key } = await gateway().key()
    const models = (isolate: number) =>
      gateway()
        .openai(key, isolate)
        .models.list()
        .then(
          () => 200,
          (error: { status: number }) => error.status,
        )
    expect([await models(0), await models(1)]).toEqual([200, 200])
    await gateway().admin('POST', '/key/block', { key })
    await eventually(
      async () => [await models(0), await models(1)],
      (seen) => seen.every((status) => status === 401),
    )
    await gateway().admin('POST', '/key/unblock', { key })
    await eventually(
      async () => [await models(0), await models(1)],
      (seen) => seen.every((status) => status === 200),
    )
  })
})
