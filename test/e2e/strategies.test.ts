import { expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { configFile, startVendor } from '../support/vendor.ts'

const held: (() => void)[] = []
const vendor = await startVendor(async (path) => {
  const id = path.split('/')[1] ?? ''
  if (id.startsWith('slow')) await new Promise((resolve) => setTimeout(resolve, 300))
  if (id.startsWith('held')) await new Promise<void>((resolve) => held.push(resolve))
  return {
    body: {
      ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-4o-mini' },
      choices: [{ index: 0, message: { role: 'assistant', content: id }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
    },
  }
})
const row = (group: string, id: string, more = '') => `
  - model_name: ${group}
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: '${vendor}/${id}/v1'${more} }
    model_info: { id: ${id} }`
const price = (perToken: string) => `, input_cost_per_token: ${perToken}, output_cost_per_token: ${perToken}`

const gateway = useGateway({
  providers: false,
  isolates: 2,
  configFile: configFile(`model_list:${row('latency', 'slow-1')}${row('latency', 'quick-1')}
${row('busy', 'held-1', ', weight: 1')}${row('busy', 'idle-1', ', weight: 1')}
${row('cost', 'dear-1', price('0.00002'))}${row('cost', 'cheap-1', price('0.000001'))}
${row('usage', 'small-1', ', rpm: 2')}${row('usage', 'large-1', ', rpm: 1000')}
router_settings:
  routing_groups:
    - { group_name: quick, models: [latency], routing_strategy: latency-based-routing }
    - { group_name: free, models: [busy], routing_strategy: least-busy }
    - { group_name: thrifty, models: [cost], routing_strategy: cost-based-routing }
    - { group_name: measured, models: [usage], routing_strategy: usage-based-routing-v2 }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
`),
})

async function who(model: string, isolate = 0): Promise<string> {
  const response = await fetch(`${gateway().url(isolate)}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Who are you?' }], max_tokens: 20 }),
  })
  const id = response.headers.get('x-litellm-model-id') ?? `${response.status}`
  await response.body?.cancel()
  return id
}

/** Who answers so many requests, one after the other. */
async function answers(model: string, many: number, isolate = 0): Promise<readonly string[]> {
  const found: string[] = []
  while (found.length < many) found.push(await who(model, isolate))
  return found
}

const only = (id: string) => (found: readonly string[]) => found.every((one) => one === id)

it('latency-based-routing: the quicker one is asked, also by an isolate that has not asked the slow one often', async () => {
  await eventually(() => answers('latency', 10), only('quick-1'))
  await eventually(() => answers('latency', 10, 1), only('quick-1'))
})

it('least-busy: whoever has something to do is left alone, by every isolate', async () => {
  // One that does not answer is found by asking until somebody waits.
  const waiting: Promise<string>[] = []
  while (held.length === 0) {
    waiting.push(who('busy'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await eventually(() => answers('busy', 10), only('idle-1'))
  let over = false
  const asking = eventually(
    () => Promise.race([answers('busy', 10, 1), new Promise<string[]>((resolve) => setTimeout(resolve, 1_000, []))]),
    (found) => found.length === 10 && only('idle-1')(found),
  ).finally(() => {
    over = true
  })
  while (!over) {
    // The second isolate may have asked it before it heard.
    for (const release of held.splice(1)) release()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await asking
  for (const release of held.splice(0)) release()
  expect((await Promise.all(waiting)).filter((id) => id === 'held-1').length).toBeGreaterThan(0)
})

it('cost-based-routing: the cheapest is asked', async () => {
  expect(new Set(await answers('cost', 10))).toEqual(new Set(['cheap-1']))
})

it('usage-based-routing-v2: nobody is asked beyond its rpm, and nobody is refused', async () => {
  const found = await answers('usage', 20)
  const small = found.filter((id) => id === 'small-1').length
  expect(small).toBeLessThanOrEqual(2)
  expect(found.filter((id) => id === 'large-1')).toHaveLength(20 - small)
})
