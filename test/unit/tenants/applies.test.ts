import { describe, expect, it } from 'vitest'
import type { Config, Deployment } from '../../../src/config/config.ts'
import { appliesTo } from '../../../src/tenants/applies.ts'

const deployment = (group: string, more: Partial<Deployment> = {}) =>
  ({ id: group, group, provider: 'openai', model: `${group}-2026`, params: {}, mode: 'chat', ...more }) as Deployment
const config = { deployments: [], router: {}, litellm: { timeZone: 'UTC' } } as unknown as Config
const scope = (name: string, model?: string) => ({
  ...{ name, duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: true },
  ...(model === undefined ? {} : { model }),
})

describe('what a request counts in', () => {
  it('is all but what is of other models, by any name of the model', () => {
    const caller = {
      scopes: [scope('key:k@life'), scope('key:k:model=a@life', 'a'), scope('key:k:model=b@life', 'openai/b-2026')],
      limits: [
        { entity: 'key:k', rpm: 1 },
        { entity: 'key:k:model=a', model: 'a', rpm: 1 },
      ],
    }
    const names = (group: string) => {
      const { scopes, limits } = appliesTo(caller, deployment(group), config)
      return [...scopes.map(({ name }) => name), ...limits.map(({ entity }) => entity)]
    }
    expect(names('a')).toEqual(['key:k@life', 'key:k:model=a@life', 'key:k', 'key:k:model=a'])
    expect(names('b')).toEqual(['key:k@life', 'key:k:model=b@life', 'key:k'])
  })

  it('is the same lists for the same caller and deployment, and others for others', () => {
    const caller = { scopes: [scope('key:k:model=a@life', 'a')], limits: [] }
    const a = deployment('a', { budget: { limitUsd: 1, duration: '1d' } })
    expect(appliesTo(caller, a, config)).toBe(appliesTo(caller, a, config))
    expect(appliesTo(caller, a, config).scopes).toHaveLength(2)
    expect(appliesTo(caller, deployment('b'), config).scopes).toEqual([])
    expect(appliesTo({ ...caller, scopes: [] }, a, config).scopes).toHaveLength(1)
  })

  it('leaves dynamic limits out while the deployment answers well', () => {
    const limits = [
      { entity: 'key:k', rpm: 1, tpm: 9, dynamic: ['rpm'] as const },
      { entity: 'team:t', tpm: 9, dynamic: ['tpm'] as const },
      { entity: 'org:o', rpm: 5 },
    ]
    const caller = { scopes: [], limits }
    const a = deployment('a')
    expect(appliesTo(caller, a, config, false).limits).toEqual([
      { entity: 'key:k', tpm: 9 },
      { entity: 'org:o', rpm: 5 },
    ])
    expect(appliesTo(caller, a, config, true).limits).toEqual(limits)
  })
})
