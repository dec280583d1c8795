import { describe, expect, it } from 'vitest'
import { anthropic } from '../../../src/dialects/anthropic.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import { errorBody } from '../../../src/dialects/openai.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { errorHeaders } from '../../../src/errors.ts'
import { rateHeaders, refused } from '../../../src/gateway/refusal.ts'
import { isOfCandidateAlone } from '../../../src/gateway/take.ts'
import type { RateState, Refusal } from '../../../src/ledger/port.ts'
import { entityName, memberName, modelName, scopeName } from '../../../src/tenants/scope.ts'
import { answered, chunk, gatewayWorld, keyWith, streamed, usageChunk } from '../../support/gateway-world.ts'

const START_MS = Date.UTC(2026, 10, 22)
const RESET_MS = START_MS + 86_400_000

const ENTITIES = {
  ...{ key: entityName('key', 'k1'), user: entityName('user', 'ann'), team: entityName('team', 't1') },
  ...{ member: memberName('t1', 'ann'), org: entityName('org', 'o1'), customer: entityName('customer', 'acme') },
  ...{ tag: entityName('tag', 'batch'), provider: entityName('provider', 'openai') },
  ...{ deployment: entityName('deployment', 'd1'), global: entityName('global', 'proxy') },
  'a model of a key': modelName(entityName('key', 'k1'), 'gpt-4o'),
}

type BudgetRefusal = Extract<Refusal, { kind: 'budget_exceeded' | 'budget_held' }>
const budget = (entity: string, more: Partial<BudgetRefusal> = {}): BudgetRefusal => ({
  kind: 'budget_exceeded',
  scope: scopeName(entity, '1d'),
  windowStartMs: START_MS,
  resetAtMs: RESET_MS,
  ...{ limitNano: 10_000_000_000n, spentNano: 9_500_000_000n, heldNano: 250_000_000n, neededNano: 600_000_000n },
  ...more,
})
const rate = (entity: string, kind: RateState['kind'], more: Partial<RateState> = {}): RateState => ({
  ...{ entity, kind, limit: 60, remaining: 0, resetAtMs: RESET_MS },
  ...more,
})

describe.each(Object.entries(ENTITIES))('a budget of %s that is used up', (_, entity) => {
  const error = refused(budget(entity))

  it('says which limit, what is left of it and when it begins again', () => {
    expect([error.status, error.type, error.code]).toEqual([429, 'budget_exceeded', '429'])
    expect(error.message).toBe(
      `Budget has been exceeded! ${entity}@1d: Current cost: 9.5, Max budget: 10. ` +
        `This request could cost up to 0.6. The budget resets at 2026-11-23T00:00:00.000Z.`,
    )
    expect(error.details.facts).toEqual({
      scope: `${entity}@1d`,
      window_start: '2026-11-22T00:00:00.000Z',
      ...{ max_budget: 10, spend: 9.5, held: 0.25, needed: 0.6 },
      reset_at: '2026-11-23T00:00:00.000Z',
    })
    expect(errorHeaders(error)).toEqual({ 'x-should-retry': 'false' })
  })

  it('has the older status where the operator wants it', () => {
    const legacy = refused(budget(entity), { legacyBudgetStatus: 400 })
    expect([legacy.status, legacy.type, legacy.code]).toEqual([400, 'budget_exceeded', '400'])
    expect(errorHeaders(legacy)).toEqual({ 'x-should-retry': 'false' })
  })

  it('is told in each dialect, with the same facts', () => {
    const told = (body: unknown) => (body as { error: Record<string, unknown> }).error
    for (const body of [errorBody(error, 'r1'), responses.errorBody(error, 'r1')]) {
      expect(told(body)).toMatchObject({
        ...{ type: 'budget_exceeded', code: '429', message: error.message, facts: error.details.facts },
      })
    }
    expect(told(anthropic.errorBody(error, 'r1'))).toMatchObject({
      ...{ type: 'rate_limit_error', message: error.message, facts: error.details.facts },
    })
    expect(told(gemini.errorBody(error, 'r1'))).toMatchObject({
      ...{ code: 429, status: 'RESOURCE_EXHAUSTED', message: error.message },
      details: [{ metadata: { kind: 'budget_exceeded', scope: `${entity}@1d`, max_budget: '10', spend: '9.5' } }],
    })
  })
})

it('a budget that only running requests fill says when to ask again', () => {
  const error = refused(budget(ENTITIES.key, { kind: 'budget_held', retryAfterMs: 1_200 }))
  expect(error.message).toMatch(/0\.25 is held by requests that are still running; this one needs 0\.6/)
  expect(errorHeaders(error)).toEqual({ 'retry-after': '2', 'retry-after-ms': '1200', 'x-should-retry': 'true' })
})

it('a budget without an end says that it does not begin again', () => {
  const { resetAtMs: _, ...forever } = budget(ENTITIES.team)
  const error = refused(forever)
  expect(error.message).toMatch(/The budget does not reset by itself\.$/)
  expect(error.details.facts?.reset_at).toBeNull()
})

describe.each(Object.entries(ENTITIES))('a limit of %s', (_, entity) => {
  it.each(['requests', 'tokens', 'max_parallel_requests'] as const)('of %s says when to ask again', (kind) => {
    const error = refused({ kind: 'rate_limited', state: rate(entity, kind), retryAfterMs: 1_000 })
    expect([error.status, error.type, error.code]).toEqual([429, 'rate_limit_error', 'rate_limit_exceeded'])
    expect(error.message).toContain(
      `Rate limit exceeded for ${entity}. Limit type: ${kind}. Current limit: 60, Remaining: 0.`,
    )
    const reset = kind === 'max_parallel_requests' ? null : '2026-11-23T00:00:00.000Z'
    expect(error.details.facts).toEqual({ entity, limit_type: kind, limit: 60, remaining: 0, reset_at: reset })
    const headers = errorHeaders(error)
    expect(headers).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '1000', rate_limit_type: kind })
    expect(headers).not.toHaveProperty('x-should-retry')
    expect('reset_at' in headers).toBe(reset !== null)
  })

  it('of nothing blocks, and no waiting helps', () => {
    const error = refused({ kind: 'rate_limited', state: rate(entity, 'requests', { limit: 0 }) })
    expect(errorHeaders(error)).toMatchObject({ 'x-should-retry': 'false', 'x-ratelimit-limit-requests': '0' })
    expect(errorHeaders(error)).not.toHaveProperty('retry-after')
  })
})

it('a ledger that cannot be reached is nobody’s budget', () => {
  const error = refused({ kind: 'ledger_unavailable', retryAfterMs: 1_000 }, { legacyBudgetStatus: 400 })
  expect([error.status, error.code]).toEqual([503, 'ledger_unavailable'])
  expect(errorHeaders(error)['retry-after']).toBe('1')
})

it('headers name the tightest limit of a kind, and each entity’s own beside it', () => {
  const states = [
    rate(ENTITIES.key, 'requests', { limit: 60, remaining: 7 }),
    rate(ENTITIES.org, 'requests', { limit: 100, remaining: 3 }),
    rate(ENTITIES.user, 'tokens', { limit: 1_000, remaining: 900 }),
    rate(ENTITIES.key, 'max_parallel_requests', { limit: 2, remaining: 1 }),
    rate(ENTITIES.member, 'tokens', { limit: 2_000, remaining: 1_500 }),
    rate(ENTITIES.customer, 'requests', { limit: 9, remaining: 8 }),
    rate(ENTITIES['a model of a key'], 'requests', { limit: 70, remaining: 6 }),
  ]
  expect(rateHeaders(states)).toEqual({
    'x-ratelimit-limit-requests': '100',
    'x-ratelimit-remaining-requests': '3',
    'x-ratelimit-api_key-limit-requests': '60',
    'x-ratelimit-api_key-remaining-requests': '7',
    'x-ratelimit-organization-limit-requests': '100',
    'x-ratelimit-organization-remaining-requests': '3',
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '900',
    'x-ratelimit-user-limit-tokens': '1000',
    'x-ratelimit-user-remaining-tokens': '900',
    'x-ratelimit-api_key-limit-max_parallel_requests': '2',
    'x-ratelimit-api_key-remaining-max_parallel_requests': '1',
    'x-ratelimit-team_member-limit-tokens': '2000',
    'x-ratelimit-team_member-remaining-tokens': '1500',
    'x-ratelimit-end_user-limit-requests': '9',
    'x-ratelimit-end_user-remaining-requests': '8',
    'x-ratelimit-model_per_key-limit-requests': '70',
    'x-ratelimit-model_per_key-remaining-requests': '6',
    'x-litellm-key-remaining-requests-gpt-4o': '6',
  })
})

it('only the budget of a vendor, of a deployment or of another model leaves other candidates to be asked', () => {
  const alone = Object.entries(ENTITIES).filter(([, entity]) => isOfCandidateAlone(refused(budget(entity)), 'gpt-4o'))
  expect(alone.map(([name]) => name)).toEqual(['provider', 'deployment'])
  expect(isOfCandidateAlone(refused(budget(ENTITIES['a model of a key'])), 'large')).toBe(true)
})

describe('in the whole story', () => {
  const hello = { model: 'small', messages: [{ role: 'user', content: 'Say hello.' }], max_tokens: 100 }
  const model = '{ model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY }'
  const config = `
model_list: [{ model_name: small, litellm_params: ${model} }]
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY, legacy_budget_status: 400 }
`

  it('a budget that is used up is a 400 where the config says so, and a rate limit still a 429', async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 1 }
    const world = gatewayWorld(() => answered('Hi', usage), { config })
    world.account.limits.set('key:k1@life', 10n)
    await expect(world.ask(hello, keyWith(10n))).rejects.toMatchObject({ status: 400, type: 'budget_exceeded' })
    const limited = keyWith(undefined, [{ entity: 'key:k1', rpm: 1 }])
    expect((await world.ask(hello, limited)).status).toBe(200)
    await expect(world.ask(hello, limited)).rejects.toMatchObject({ status: 429, kind: 'rate_limited' })
  })

  it('a stream says from its first byte what is left of the limits', async () => {
    const lines = [chunk({ role: 'assistant', content: 'Hi' }), chunk({}, 'stop'), usageChunk(1, 1), '[DONE]']
    const world = gatewayWorld(() => streamed(lines))
    const limits = [{ entity: 'key:k1', rpm: 3, tpm: 10_000 }]
    const response = await world.ask({ ...hello, stream: true }, keyWith(undefined, limits))
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const { headers } = response
    expect(headers.get('x-ratelimit-limit-requests')).toBe('3')
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('2')
    expect(headers.get('x-ratelimit-limit-tokens')).toBe('10000')
    const left = Number(headers.get('x-ratelimit-remaining-tokens'))
    expect(left).toBeLessThanOrEqual(9_900)
    await response.text()
    await world.rest()
    // The real tokens have taken the place of the worst case.
    const next = await world.ask({ ...hello, stream: true }, keyWith(undefined, limits))
    expect(Number(next.headers.get('x-ratelimit-remaining-tokens'))).toBe(left - 2)
    await next.text()
  })
})
