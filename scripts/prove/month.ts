import { v7 } from 'uuid'
import { noUsage } from '../../src/prices/usage.ts'
import type { SpendEvent } from '../../src/spend/event.ts'
import { seeded } from '../bench/figures.ts'

export const DAY_MS = 86_400_000
export const MONTH_DAYS = 30

const models = [
  ['gpt-4o', 'fast', 'openai'],
  ['gpt-4o-mini', 'fast', 'openai'],
  ['claude-sonnet-4-5', 'careful', 'anthropic'],
  ['gemini-2.5-flash', 'cheap', 'gemini'],
] as const

/**
 * The batches in which a month of traffic reaches the consumer, the same for the same seed: each event at least once,
 * a part of one batch in twenty again, and one event in fifty long after its neighbours.
 */
export function* month(seed: number, events: number, endMs: number): Generator<readonly SpendEvent[]> {
  const next = seeded(seed)
  const below = (count: number) => Math.floor(next() * count)
  const startMs = endMs - MONTH_DAYS * DAY_MS
  let batch: SpendEvent[] = []
  let late: SpendEvent[] = []
  for (let n = 0; n < events; n++) {
    const event = attempt(startMs + Math.floor((n / events) * (endMs - startMs)), next, below)
    if (n % 50 === 49) late.push(event)
    else batch.push(event)
    if (late.length === 500) {
      yield late
      late = []
    }
    if (batch.length < 100) continue
    yield batch
    if (below(20) === 0) yield batch.slice(below(100))
    batch = []
  }
  yield batch
  yield late
}

function attempt(startMs: number, next: () => number, below: (count: number) => number): SpendEvent {
  const id = v7({ msecs: startMs, random: Uint8Array.from({ length: 16 }, () => below(256)) })
  const [model, group, provider] = models[below(models.length)] ?? models[0]
  // Few spend most, as among people.
  const key = Math.floor(next() ** 3 * 200)
  const user = key % 80
  const team = user % 12
  const prompt = 50 + below(4_000)
  const completion = 1 + below(800)
  const failed = below(25) === 0
  const endMs = startMs + 300 + below(8_000)
  return {
    v: 1,
    id,
    request_id: id,
    call_type: 'acompletion',
    status: failed ? 'failure' : 'success',
    ledger: null,
    grant_id: null,
    single: true,
    hold_nano: '0',
    cost_nano: failed ? '0' : String(1 + below(40_000_000)),
    scopes: [`key:key-${key}@life`, `user:user-${user}@life`, `team:team-${team}@life`],
    windows: [0, 0, 0],
    covered: [false, false, false],
    overrun: false,
    key_id: `key-${key}`,
    api_key: `${'0'.repeat(60)}${String(key).padStart(4, '0')}`,
    key_alias: `service-${key}`,
    user: `user-${user}`,
    team_id: `team-${team}`,
    organization_id: `org-${team % 3}`,
    // Customers come by the service that serves them.
    end_user: below(3) === 0 ? `customer-${key}-${below(5)}` : null,
    model,
    model_group: group,
    model_id: `${provider}-${model}`,
    custom_llm_provider: provider,
    api_base: `https://${provider}.test/v1`,
    dialect: 'openai',
    stream: below(2) === 0,
    usage: { ...noUsage, inputTokens: prompt, outputTokens: completion },
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    usage_estimated: false,
    price_version: 'month',
    start_ms: startMs,
    first_token_ms: null,
    end_ms: endMs,
    cache_hit: false,
    http_status: failed ? 503 : 200,
    error_type: failed ? 'overloaded' : null,
    error_message: failed ? 'the vendor has no capacity' : null,
    request_tags: below(2) === 0 ? [`feature-${below(10)}`] : [],
  }
}
