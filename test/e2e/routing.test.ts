import { describe, expect, it } from 'vitest'
import { askInCrowd, deadUrl } from '../../scripts/prove/faults/crowd.ts'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

const asked: string[] = []
const bodies: Record<string, unknown>[] = []
const brief = new Set<string>()
const answer = {
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o-mini' },
  usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
}
const vendor = await startVendor((path, body) => {
  const id = path.split('/')[1] ?? ''
  asked.push(id)
  bodies.push(body)
  if (id.startsWith('full'))
    return { status: 429, headers: { 'retry-after': '30' }, body: { error: { message: 'full' } } }
  if (id.startsWith('brief') && !brief.has(id)) {
    brief.add(id)
    return { status: 429, headers: { 'retry-after': '1' }, body: { error: { message: 'a moment' } } }
  }
  if (id.startsWith('long')) {
    const error = { message: "This model's maximum context length is 8 tokens.", code: 'context_length_exceeded' }
    return { status: 400, body: { error } }
  }
  if (id.startsWith('prude')) {
    const filtered = [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'content_filter' }]
    return { body: { ...answer, choices: filtered } }
  }
  if (id.startsWith('bad')) return { status: 503, body: { error: { message: 'overloaded' } } }
  return {
    body: {
      ...answer,
      choices: [{ index: 0, message: { role: 'assistant', content: `I am ${id}.` }, finish_reason: 'stop' }],
    },
  }
})
const row = (group: string, id: string, more = '', info = '', base = vendor) => `
  - model_name: '${group}'
    litellm_params: { model: ${group.includes('*') ? "'openai/*'" : 'openai/gpt-4o-mini'}, api_key: sk-vendor, api_base: '${base}/${id}/v1'${more} }
    model_info: { id: ${id}${info} }`
const dead = await deadUrl()

const gateway = useGateway({
  providers: false,
  isolates: 2,
  configFile: configFile(`model_list:${row('pair', 'bad-1', ', order: 1')}${row('pair', 'good-1', ', order: 2')}
${row('trio', 'bad-2')}${row('trio', 'good-2')}${row('trio', 'good-3')}${row('down', 'bad-3')}${row('backup', 'good-4')}
${row('three', 'alive-1')}${row('three', 'alive-2')}${row('three', 'dead-1', '', '', dead)}
${row('lab-*', 'wide')}${row('lab-small-*', 'narrow')}${row('*-mini', 'minis')}
${row('short', 'long-1')}${row('clean', 'prude-1')}${row('policy', 'good-5')}${row('larger', 'good-6')}
${row('window', 'small-window', '', ', max_input_tokens: 50')}
${row('shared', 'of-all', ', tags: [default]')}${row('shared', 'of-paid', ', tags: [paid]')}
${row('sticky', 'one')}${row('sticky', 'two')}${row('sticky', 'three-1')}
${row('limited', 'full-1')}${row('limited', 'full-2')}
${row('brief', 'brief-1')}${row('brief', 'brief-2')}${row('spent', 'bad-9')}
${row('places', 'in-us', ', region_name: us-east-1')}${row('places', 'in-eu', ', region_name: eu-west-1')}
${row('internal', 'the-labs', '', ', team_id: lab, team_public_model_name: our-own')}
${row('shares', 'three-parts', ', order: 1, weight: 3')}${row('shares', 'one-part', ', order: 1, weight: 1')}
${row('shares', 'later', ', order: 2, weight: 90')}
${row('a', 'bad-a')}${row('b', 'bad-b')}${row('c', 'good-c')}
router_settings:
  num_retries: 2
  cooldown_time: 60
  enable_pre_call_checks: true
  enable_tag_filtering: true
  cooldown_wait: 5
  optional_pre_call_checks: [session_affinity, prompt_caching]
  model_group_alias: { nickname: backup }
  fallbacks: [{ down: [backup] }, { short: [backup] }, { a: [b] }, { b: [a, c] }]
  context_window_fallbacks: [{ window: [larger] }]
  content_policy_fallbacks: [{ clean: [policy] }]
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
litellm_settings:
  cache_params: { type: redis }
`),
})

const ask = (model: string, key: string, headers: Record<string, string> = {}, more: object = {}) =>
  fetch(`${gateway().url()}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Who are you?' }], max_tokens: 20, ...more }),
  })

it('an order of two: the first is tried, the second answers, and each attempt is a row', async () => {
  const { key, token } = await gateway().key({ max_budget: 1 })
  const response = await ask('pair', key, { 'x-tollgate-explain': '1' })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-litellm-model-id')).toBe('good-1')
  expect(response.headers.get('x-tollgate-trail')).toMatch(/pair\/bad-1 failed .*503.*pair\/good-1 answers/)
  const rows = await eventually(
    async () =>
      (
        await gateway().db.query<{ model_id: string; status: string }>(
          'select model_id, status from spend_log where api_key = $1 order by id',
          [token],
        )
      ).rows,
    (found) => found.some(({ status }) => status === 'success'),
  )
  expect(rows.at(-1)).toEqual({ model_id: 'good-1', status: 'success' })
  expect(rows.slice(0, -1).every(({ model_id, status }) => model_id === 'bad-1' && status === 'failure')).toBe(true)
})

it('one of three is dead: everybody is answered, and it is soon left alone', async () => {
  asked.length = 0
  const answers = await Promise.all(Array.from({ length: 60 }, () => ask('trio', MASTER_KEY)))
  for (let n = 0; n < 60; n++) answers.push(await ask('trio', MASTER_KEY))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(asked.slice(-30)).not.toContain('bad-2')
})

it('a group that is down is answered by its fallback, and says so', async () => {
  const response = await ask('down', MASTER_KEY)
  expect([response.status, response.headers.get('x-litellm-model-group')]).toEqual([200, 'backup'])
  expect(response.headers.get('x-litellm-attempted-fallbacks')).toBe('1')
})

/** Who answered, or the error's code. */
async function who(
  model: string,
  more: object = {},
  headers: Record<string, string> = {},
  key = MASTER_KEY,
): Promise<string> {
  const response = await ask(model, key, headers, more)
  const body = (await response.json()) as { error?: { code: string; message: string } }
  if (!response.ok) return `${response.status} ${body.error?.code}: ${body.error?.message}`
  return response.headers.get('x-litellm-model-id') ?? ''
}

it('one of three refuses every connection: nobody notices, and it is hardly asked', async () => {
  const figures = await askInCrowd({
    ...{ requests: 600, concurrency: 32, key: MASTER_KEY, model: 'three' },
    urls: [gateway().url(0), gateway().url(1)],
  })
  expect(figures).toMatchObject({ answered: 600, refused: {} })
  expect(figures.failedAt['dead-1'] ?? 0).toBeGreaterThan(0)
  expect(figures.failedAt['dead-1'] ?? 0).toBeLessThan(20)
})

describe('names', () => {
  it('are aliases, ids of deployments, and wildcards of which the most special holds', async () => {
    expect(await who('nickname')).toBe('good-4')
    expect(await who('good-6')).toBe('good-6')
    expect(await who('lab-large')).toBe('wide')
    expect(await who('lab-small-9')).toBe('narrow')
    expect(bodies.at(-1)?.model).toBe('9')
    expect(await who('o3-mini')).toBe('minis')
  })

  it('are those that a key and its team have of their own, and models of a team are for it alone', async () => {
    await gateway().admin('POST', '/team/new', { team_id: 'lab', model_aliases: { teams: 'backup' } })
    const { key } = await gateway().key({ team_id: 'lab', aliases: { mine: 'teams', short: 'larger' } })
    expect(await who('teams', {}, {}, key)).toBe('good-4')
    expect(await who('mine', {}, {}, key)).toBe('good-4')
    expect(await who('short', {}, {}, key)).toBe('good-6')
    expect(await who('our-own', {}, {}, key)).toBe('the-labs')
    expect(await who('the-labs', {}, {}, key)).toBe('the-labs')
    for (const name of ['mine', 'teams', 'our-own', 'the-labs', 'internal'])
      expect(await who(name)).toMatch(/^400 model_not_found/)
  })

  it('that do not exist are answered with the nearest', async () => {
    expect(await who('backpu')).toMatch(/^400 model_not_found: .*backup/)
    expect(await who('o3-mini-high')).toMatch(/^400 model_not_found/)
  })
})

describe('fallbacks', () => {
  it('of a context window: found before asking, or told by the vendor and passed on to the general ones', async () => {
    asked.length = 0
    expect(await who('window', { messages: [{ role: 'user', content: 'word '.repeat(400) }] })).toBe('good-6')
    expect(await who('short')).toBe('good-4')
    expect(asked).toEqual(['good-6', 'long-1', 'good-4'])
    expect(
      await who('window', { disable_fallbacks: true, messages: [{ role: 'user', content: 'word '.repeat(400) }] }),
    ).toMatch(/^400 context_length_exceeded: .*largest window is 50 tokens/)
  })

  it('of a policy: an answer that was kept back', async () => {
    expect(await who('clean')).toBe('good-5')
  })

  it('of the request, with fields of their own, and of fallbacks, once around', async () => {
    const messages = [{ role: 'user', content: 'In other words.' }]
    expect(await who('bad-a', { fallbacks: [{ model: 'backup', messages, temperature: 0.5 }] })).toBe('good-4')
    expect(bodies.at(-1)).toMatchObject({ messages, temperature: 0.5 })
    expect(bodies.at(-1)).not.toHaveProperty('fallbacks')
    asked.length = 0
    expect(await who('a', { num_retries: 0 })).toBe('good-c')
    expect(new Set(asked).size).toBe(asked.length)
    expect(await who('a', { max_fallbacks: 0 })).toMatch(/^(503|429)/)
  })

  it('can be tried by anyone', async () => {
    expect(await who('down', { mock_testing_fallbacks: true })).toBe('good-4')
    expect(await who('window', { mock_testing_context_fallbacks: true })).toBe('good-6')
    expect(await who('clean', { mock_testing_content_policy_fallbacks: true })).toBe('good-5')
    const retried = await ask('backup', MASTER_KEY, {}, { mock_testing_rate_limit_error: true })
    expect([retried.status, retried.headers.get('x-litellm-attempted-retries')]).toEqual([200, '1'])
  })
})

it('tags lead to those who have them, and everybody else to the default', async () => {
  for (let n = 0; n < 5; n++) {
    expect(await who('shared')).toBe('of-all')
    expect(await who('shared', { metadata: { tags: ['paid'] } })).toBe('of-paid')
    expect(await who('shared', {}, { 'x-litellm-tags': 'paid' })).toBe('of-paid')
  }
})

it('a session stays where it is, whichever isolate is asked', async () => {
  const of = async (session: string) => {
    const ids = new Set<string>()
    for (let n = 0; n < 6; n++) ids.add(await who('sticky', {}, { 'x-litellm-session-id': session }))
    expect(ids.size).toBe(1)
    return [...ids][0]
  }
  const places = new Set<string | undefined>()
  for (let n = 0; n < 8; n++) places.add(await of(`session-${n}`))
  expect(places.size).toBeGreaterThan(1)
})

it('a long beginning stays where it is cached, whichever isolate is asked', async () => {
  const of = async (rules: string) => {
    const messages = [{ role: 'system', content: rules.repeat(1_000) }]
    const tail = (n: number) => [...messages, { role: 'user', content: `Question ${n}` }]
    const ids = new Set<string | null>()
    for (let n = 0; n < 4; n++) {
      const response = await fetch(`${gateway().url(n % 2)}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'sticky', messages: tail(n), max_tokens: 20 }),
      })
      ids.add(response.headers.get('x-litellm-model-id'))
    }
    expect(ids.size).toBe(1)
    return [...ids][0]
  }
  const places = new Set<unknown>()
  for (let n = 0; n < 8; n++) places.add(await of(`Rule ${n}. `))
  expect(places.size).toBeGreaterThan(1)
})

it('a region is that of the request, or of the customer it is for', async () => {
  await gateway().admin('POST', '/customer/new', { user_id: 'europa', allowed_model_region: 'eu' })
  for (let n = 0; n < 5; n++) {
    expect(await who('places', { allowed_model_region: 'us' })).toBe('in-us')
    expect(await who('places', { user: 'europa' })).toBe('in-eu')
  }
  expect(await who('backup', { user: 'europa' })).toMatch(/^400 .*good-4: nobody knows its region, and eu is required/)
  expect(bodies.at(-1)).not.toHaveProperty('allowed_model_region')
  const customer = await gateway().admin('GET', '/customer/info?end_user_id=europa')
  expect(customer).toMatchObject({ allowed_model_region: 'eu' })
})

it('weights and order hold over two isolates', async () => {
  const { answered, answeredBy } = await askInCrowd({
    ...{ requests: 800, concurrency: 16, key: MASTER_KEY, model: 'shares' },
    urls: [gateway().url(0), gateway().url(1)],
  })
  expect(answered).toBe(800)
  expect(Object.keys(answeredBy).toSorted()).toEqual(['one-part', 'three-parts'])
  // Four standard deviations; ten thousand requests are among the proofs.
  expect(Math.abs((answeredBy['three-parts'] ?? 0) / 800 - 0.75)).toBeLessThan(0.062)
})

it('where all cool down for a moment, a request waits for it', async () => {
  expect(await who('brief', { num_retries: 1 })).toMatch(/^429 .*a moment/)
  expect(brief).toEqual(new Set(['brief-1', 'brief-2']))
  const askedAtMs = performance.now()
  expect(await who('brief')).toMatch(/^brief-/)
  expect(performance.now() - askedAtMs).toBeGreaterThan(300)
})

it('a refusal says how often it was tried', async () => {
  expect(await who('spent')).toMatch(/^503 .*LiteLLM Retried: 2 times, LiteLLM Max Retries: 2$/)
})

it('where all cool down it says until when, and who; and so does /router/state', async () => {
  await ask('limited', MASTER_KEY)
  asked.length = 0
  const response = await ask('limited', MASTER_KEY)
  const { error } = (await response.json()) as { error: { message: string } }
  expect(response.status).toBe(429)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(20)
  expect(error.message).toMatch(/No deployments available.*cooldown_list=\[full-1, full-2\]/)
  expect(asked).toEqual([])
  const { deployments } = await gateway().admin<{ deployments: Record<string, unknown>[] }>('GET', '/router/state')
  expect(deployments.find(({ model_id }) => model_id === 'full-1')).toMatchObject({
    circuit: 'open',
    open_because: expect.stringContaining('429'),
  })
  expect(JSON.stringify(deployments)).not.toContain('sk-vendor')
})
