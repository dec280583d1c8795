import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import { type Checks, checksOf, eligible, type Judgeable } from '../../../src/routing/eligible.ts'
import type { Needs } from '../../../src/routing/needs.ts'
import { noneLeft } from '../../../src/routing/none-left.ts'
import { type DeploymentState, unknownState } from '../../../src/routing/state.ts'
import { tiers } from '../../../src/routing/tiers.ts'

const NOW = 1_000_000
const needs: Needs = { inputTokens: 1000, capabilities: [] }
const all: Checks = { preCall: true, quota: true, tags: { matchAny: true } }
const none: Checks = { preCall: false, quota: false }

function one(id: string, rest: Partial<Deployment> = {}, state: Partial<DeploymentState> = {}): Judgeable {
  const deployment: Deployment = { id, group: 'g', provider: 'openai', model: 'm', params: {}, mode: 'chat', ...rest }
  return { deployment, state: { ...unknownState, ...state } }
}

function judge(candidates: readonly Judgeable[], more: Partial<Needs> = {}, checks: Checks = all) {
  const { fit, passedOver } = eligible(candidates, { ...needs, ...more }, checks, NOW)
  return {
    fit: fit.map(({ deployment }) => deployment.id).join(' '),
    bars: passedOver.map(({ deployment, bar }) => `${deployment.id}: ${bar}`).join(', '),
    why: passedOver.map(({ why }) => why).join('; '),
    refusal: noneLeft('g', passedOver, candidates, NOW),
  }
}

describe('who can be asked', () => {
  it('is everybody where nothing stands against it, without a new list', () => {
    const candidates = [one('a'), one('b')]
    expect(eligible(candidates, needs, all, NOW).fit).toBe(candidates)
  })

  it('is not who cools down, and of the half-open who may be tried', () => {
    const open = { circuit: 'open', openUntilMs: NOW + 3_500, openBecause: '429 from the vendor' } as const
    const got = judge(
      [
        one('a', {}, open),
        one('b', {}, { circuit: 'half_open' }),
        one('c', {}, { circuit: 'half_open', mayProbe: true }),
      ],
      {},
      none,
    )
    expect(got.fit).toBe('c')
    expect(got.why).toBe('it cools down for 4 s (429 from the vendor); another request is trying it')
  })

  it('is not who answers as many at once as it may', () => {
    expect(judge([one('a', { maxParallelRequests: 2 }, { inFlight: 2 }), one('b')], {}, none)).toMatchObject({
      fit: 'b',
      bars: 'a: parallel',
    })
  })

  it('has room for input and answer, where that is checked; an answer is never longer than the model writes', () => {
    const small = one('small', { maxInputTokens: 1500, maxOutputTokens: 400 })
    expect(judge([small], { outputTokens: 9000 }).fit).toBe('small')
    expect(judge([one('a', { maxInputTokens: 1500 })], { outputTokens: 501 }).bars).toBe('a: context_window')
    expect(judge([one('a', { maxInputTokens: 10 })], {}, none).fit).toBe('a')
  })

  it('has not used up its minute', () => {
    const full = one('a', { rpm: 10 }, { requests: 10 })
    expect(
      judge([full, one('b', { tpm: 5000 }, { tokens: 4001 }), one('c', { tpm: 5000 }, { tokens: 4000 })]),
    ).toMatchObject({ fit: 'c', bars: 'a: quota, b: quota' })
    expect(judge([full], {}, none).fit).toBe('a')
  })

  it('can do what is asked, as far as anybody knows', () => {
    const got = judge([one('a', { supports: { vision: false } }), one('b', { supports: { tools: true } })], {
      capabilities: ['vision'],
    })
    expect(got).toMatchObject({ fit: 'b', why: 'its model is not made for images' })
  })

  it.each([
    ['eu', { regionName: 'eu' }, true],
    ['eu', { regionName: 'swedencentral' }, true],
    ['eu', { aws: { region: 'eu-central-1' } }, true],
    ['eu', { vertex: { location: 'europe-west4' } }, true],
    ['eu', { aws: { region: 'eu-west-2' } }, false],
    ['eu', { regionName: 'eastus2' }, false],
    ['eu', { aws: { region: { env: 'AWS_REGION' } } }, false],
    ['eu', {}, false],
    ['us', { regionName: 'us-central1' }, true],
    ['us', { regionName: 'westus3' }, true],
    ['us', { regionName: 'australiaeast' }, false],
    ['ap-south-1', { aws: { region: 'ap-south-1' } }, true],
  ] as const)('answers from %s: %o is %s, whatever else is checked', (region, place, fits) => {
    expect(judge([one('a', place)], { region }, none).fit).toBe(fits ? 'a' : '')
  })
})

describe('tags', () => {
  const paid = one('paid', { tags: ['paid', 'eu'] })
  const free = one('free', { tags: ['free'] })
  const usual = one('usual', { tags: ['default'] })
  const plain = one('plain')
  const cli = one('cli', { tagRegex: ['^User-Agent: my-cli/'] })

  it('lead to those that have any of them, or all of them', () => {
    expect(judge([paid, free, usual, plain], { tags: ['paid', 'x'] }).fit).toBe('paid')
    expect(judge([paid, free], { tags: ['paid', 'x'] }, { ...all, tags: { matchAny: false } }).fit).toBe('')
    expect(judge([paid, free], { tags: ['eu', 'paid'] }, { ...all, tags: { matchAny: false } }).fit).toBe('paid')
  })

  it('that nobody has lead to the default ones, else to a refusal', () => {
    expect(judge([paid, usual, plain], { tags: ['x'] }).fit).toBe('usual')
    const got = judge([paid, plain], { tags: ['x'] })
    expect(got.bars).toBe('paid: tags, plain: tags')
    expect(got.refusal).toMatchObject({ kind: 'auth_error', status: 401 })
    expect(got.refusal.message).toContain('Not allowed to access model due to tags configuration')
  })

  it('that are missing lead to the default ones, else to all', () => {
    expect(judge([paid, usual, plain]).fit).toBe('usual')
    expect(judge([paid, plain]).fit).toBe('paid plain')
  })

  it('may be an expression over the User-Agent; one that cannot be read fits nothing', () => {
    expect(judge([paid, usual, cli], { userAgent: 'my-cli/2' }).fit).toBe('cli')
    expect(judge([usual, cli], { userAgent: 'other' }).fit).toBe('usual')
    expect(judge([usual, one('broken', { tagRegex: ['('] })], { userAgent: '(' }).fit).toBe('usual')
  })

  it('are not looked at unless the operator wants it', () => {
    expect(judge([paid, usual], { tags: ['x'] }, none).fit).toBe('paid usual')
  })
})

describe('the refusal when nobody is left', () => {
  it('says when the first comes back, and who cools down', () => {
    const open = (openUntilMs: number) => ({ circuit: 'open', openUntilMs }) as const
    const { refusal } = judge([
      one('a', {}, open(NOW + 9_000)),
      one('b', {}, open(NOW + 2_500)),
      one('c', { maxInputTokens: 1 }),
    ])
    expect(refusal).toMatchObject({
      status: 429,
      details: { retryAfterMs: 2_500, facts: { cooldown_list: ['a', 'b'] } },
    })
    expect(refusal.message).toContain(
      'No deployments available for selected model, Try again in 3 seconds. Passed model=g.',
    )
  })

  it('names the largest window where the request is too long for all', () => {
    const { refusal } = judge([one('a', { maxInputTokens: 500 }), one('b', { maxInputTokens: 900 })])
    expect(refusal.kind).toBe('context_window_exceeded')
    expect(refusal.message).toContain('the largest window is 900 tokens')
  })

  it('asks for another model where nobody can do it', () => {
    const { refusal } = judge([one('a', { supports: { tools: false } })], { capabilities: ['tools'] })
    expect(refusal.status).toBe(400)
    expect(refusal.message).toContain('a: its model is not made for tools')
  })
})

describe('which checks', () => {
  it('hold for rpm and tpm with the strategies that go by them, else only where the file asks', () => {
    const config = (router: object) => ({ router }) as never
    expect(checksOf(config({}), 'simple-shuffle')).toEqual({ preCall: false, quota: false })
    expect(checksOf(config({}), 'usage-based-routing-v2').quota).toBe(true)
    expect(checksOf(config({ preCallChecks: true, tagFiltering: { matchAny: false } }), 'least-busy')).toEqual({
      preCall: true,
      quota: true,
      tags: { matchAny: false },
    })
  })
})

describe('order', () => {
  it('makes tiers, those without one last; each candidate once', () => {
    const candidates = [one('x'), one('b2', { order: 2 }), one('a1', { order: 1 }), one('b1', { order: 2 }), one('y')]
    expect(tiers(candidates).map((tier) => tier.map(({ deployment }) => deployment.id))).toEqual([
      ['a1'],
      ['b2', 'b1'],
      ['x', 'y'],
    ])
  })

  it('never leaks: whoever is in an earlier tier has the lower order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }), { maxLength: 12 }),
        (orders) => {
          const candidates = orders.map((order, at) => one(`${at}`, order === undefined ? {} : { order }))
          const made = tiers(candidates)
          expect(made.flat()).toHaveLength(candidates.length)
          expect(new Set(made.flat())).toEqual(new Set(candidates))
          const found = made.map((tier) => [...new Set(tier.map(({ deployment }) => deployment.order ?? 9))])
          expect(found).toEqual([...new Set(orders.map((order) => order ?? 9))].sort().map((order) => [order]))
        },
      ),
    )
  })

  it('is one tier, the list itself, where nobody has one', () => {
    const candidates = [one('x'), one('y')]
    expect(tiers(candidates)[0]).toBe(candidates)
    expect(tiers([])).toEqual([])
  })
})
