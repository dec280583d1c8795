import { describe, expect, it } from 'vitest'
import type { Config, Deployment } from '../../../src/config/config.ts'
import { candidateScopes, fileBudgets, fileLimitsOf } from '../../../src/tenants/file-limits.ts'

const day = (limitUsd: number) => ({ limitUsd, duration: '1d' })
const deployment = (id: string, provider: string, more: Partial<Deployment> = {}) =>
  ({ id, provider, group: 'g', model: 'm', params: {}, mode: 'chat', ...more }) as Deployment
const config = (router: object, deployments: readonly Deployment[] = []) =>
  ({ deployments, router, litellm: { timeZone: 'Asia/Tokyo' } }) as unknown as Config

describe('what a request counts in because a deployment serves it', () => {
  const scope = (name: string) => ({ name, duration: '1d', timeZone: 'Asia/Tokyo', anchorMs: 0, limited: true })

  it('is the budget of its vendor and its own, and nothing of others', () => {
    const c = config({ providerBudgets: { openai: day(5), groq: day(1) } })
    expect(candidateScopes(deployment('a:1', 'openai', { budget: day(2) }), c)).toEqual([
      scope('provider:openai@1d'),
      scope('deployment:a%3a1@1d'),
    ])
    expect(candidateScopes(deployment('b', 'toString'), c)).toEqual([])
    expect(candidateScopes(deployment('b', 'openai'), config({}))).toEqual([])
  })

  it('is the same list each time, so that what is remembered by it is found', () => {
    const one = deployment('a', 'openai', { budget: day(2) })
    const c = config({})
    expect(candidateScopes(one, c)).toBe(candidateScopes(one, c))
    expect(candidateScopes(one, config({ providerBudgets: { openai: day(5) } }))).toHaveLength(2)
  })

  it('has a row each', () => {
    const one = deployment('a', 'openai', { budget: day(2) })
    const c = config({ providerBudgets: { openai: day(5) } }, [one, deployment('b', 'openai')])
    const rows = fileBudgets(fileLimitsOf(c)).map(({ scope: name }) => name)
    expect(rows.toSorted()).toEqual(
      candidateScopes(one, c)
        .map(({ name }) => name)
        .toSorted(),
    )
  })
})
