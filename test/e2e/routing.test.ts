import { expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

const asked: string[] = []
const vendor = await startVendor((path) => {
  const id = path.split('/')[1] ?? ''
  asked.push(id)
  if (id.startsWith('bad')) return { status: 503, body: { error: { message: 'overloaded' } } }
  return {
    body: {
      ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o-mini' },
      choices: [{ index: 0, message: { role: 'assistant', content: `I am ${id}.` }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
    },
  }
})
const row = (group: string, id: string, more = '') => `
  - model_name: ${group}
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/${id}/v1'${more} }
    model_info: { id: ${id} }`

const gateway = useGateway({
  providers: false,
  configFile: configFile(`model_list:${row('pair', 'bad-1', ', order: 1')}${row('pair', 'good-1', ', order: 2')}
${row('trio', 'bad-2')}${row('trio', 'good-2')}${row('trio', 'good-3')}${row('down', 'bad-3')}${row('backup', 'good-4')}
router_settings: { num_retries: 2, cooldown_time: 60, fallbacks: [{ down: [backup] }] }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
litellm_settings:
  cache_params: { type: redis }
`),
})

const ask = (model: string, key: string, headers: Record<string, string> = {}) =>
  fetch(`${gateway().url()}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Who are you?' }], max_tokens: 20 }),
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
