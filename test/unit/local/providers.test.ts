import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { believable, instant, type StandIn, startStandIn } from '../../../scripts/local/providers.ts'

let standIn: StandIn
let openai: OpenAI
beforeAll(async () => {
  standIn = await startStandIn(instant)
  openai = new OpenAI({ apiKey: 'sk-any', baseURL: `${standIn.url}/v1`, maxRetries: 0 })
})
afterAll(async () => {
  await standIn.close()
})

const messages = [{ role: 'user' as const, content: 'What is the capital of Vietnam?' }]

test('any prompt gets an answer about it, with usage', async () => {
  const { choices, usage } = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages })
  expect(choices[0]?.message.content).toContain('capital of Vietnam')
  expect(choices[0]?.finish_reason).toBe('stop')
  expect(usage?.completion_tokens).toBeGreaterThan(10)
})

test('a stream that is asked to break off does, and the rest is there for who asks to go on', async () => {
  const question = { role: 'user' as const, content: 'Please break off in the middle.' }
  const stream = await openai.chat.completions.create({ model: 'gpt-4o', messages: [question], stream: true })
  let begun = ''
  await expect(async () => {
    for await (const chunk of stream) begun += chunk.choices[0]?.delta.content ?? ''
  }).rejects.toThrow()
  expect(begun).toContain('You asked')
  const { choices } = await openai.chat.completions.create({
    model: 'gpt-4o',
    messages: [question, { role: 'assistant', content: begun }, { role: 'user', content: 'Go on.' }],
  })
  expect(begun + choices[0]?.message.content).toMatch(/^You asked: "Please break off .* real model\.$/)
})

test.each(['max_tokens', 'max_completion_tokens'])('%s is kept, and said to be the reason', async (name) => {
  const answer = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages, [name]: 5 })
  expect(answer.choices[0]?.finish_reason).toBe('length')
  expect(answer.usage?.completion_tokens).toBe(5)
})

test('a stream is the same answer in pieces; usage comes last, and only when asked for', async () => {
  for (const include_usage of [true, false]) {
    const stream = await openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      stream: true,
      stream_options: { include_usage },
    })
    let text = ''
    let pieces = 0
    let tokens: number | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      pieces += 1
      tokens = chunk.usage?.completion_tokens
    }
    expect(text).toContain('capital of Vietnam')
    expect(pieces).toBeGreaterThan(5)
    expect(tokens).toEqual(include_usage ? expect.any(Number) : undefined)
  }
})

test('a tool that must be called is called, and a schema is kept', async () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } }
  const called = await openai.chat.completions.create({
    model: 'gpt-4o-mini',
    messages,
    tools: [{ type: 'function', function: { name: 'weather', parameters } }],
    tool_choice: 'required',
  })
  expect(called.choices[0]?.message.tool_calls?.[0]).toMatchObject({
    function: { name: 'weather', arguments: '{"city":"sample","days":1}' },
  })
  const schema = {
    type: 'object',
    properties: { tags: { type: 'array', items: { $ref: '#/$defs/tag' } } },
    $defs: { tag: { enum: ['red'] } },
  }
  const shaped = await openai.chat.completions.create({
    model: 'gpt-4o-mini',
    messages,
    response_format: { type: 'json_schema', json_schema: { name: 'tags', schema } },
  })
  expect(JSON.parse(shaped.choices[0]?.message.content ?? '')).toEqual({ tags: ['red'] })
})

test('faults look like the vendor failing: an error, or a stream cut in the middle', async () => {
  standIn.faults.add({ kind: 'status', status: 429, headers: { 'retry-after': '3' }, count: 1 })
  await expect(openai.chat.completions.create({ model: 'x', messages })).rejects.toMatchObject({ status: 429 })
  standIn.faults.add({ kind: 'drop', afterBytes: 400, count: 1 })
  const stream = await openai.chat.completions.create({ model: 'x', messages, stream: true })
  const readOn = async () => {
    for await (const _ of stream) {
    }
  }
  await expect(readOn()).rejects.toThrow()
})

test('at its believable pace it thinks first, and a caller who leaves ends the work', async () => {
  const slow = await startStandIn(believable)
  try {
    const client = new OpenAI({ apiKey: 'sk-any', baseURL: `${slow.url}/v1`, maxRetries: 0 })
    const before = performance.now()
    const stream = await client.chat.completions.create({ model: 'x', messages, stream: true })
    for await (const _ of stream) break
    expect(performance.now() - before).toBeGreaterThan(150)
    await expect.poll(() => slow.stats()).toEqual({ requests: 1, cancelled: 1 })
  } finally {
    await slow.close()
  }
})
