import { describe, expect, it } from 'vitest'
import type { Config, Deployment } from '../../../src/config/config.ts'
import { nearestModels } from '../../../src/routing/nearest-models.ts'
import { resolve } from '../../../src/routing/resolve.ts'

function row(group: string, id: string, rest: Partial<Deployment> = {}): Deployment {
  return { id, group, provider: 'openai', model: group, params: {}, mode: 'chat', ...rest }
}

const config = {
  deployments: [
    row('fast', 'fast-1'),
    row('fast', 'fast-2'),
    row('smart', 'smart-1'),
    row('openai/*', 'any-openai', { model: '*' }),
    row('openai/gpt-4*', 'any-gpt-4', { model: 'gpt-4*' }),
    row('*-mini', 'any-mini', { model: 'gpt-mini' }),
    row('model_name_t1_abc', 'team-1', { teamId: 't1', teamModelName: 'house' }),
    row('smart', 'smart-of-t1', { teamId: 't1' }),
  ],
  router: { modelGroupAlias: { quick: 'fast', 'gpt-x': 'openai/gpt-4o', secret: 'smart' }, hiddenAliases: ['secret'] },
} as unknown as Config

const withDefault = { ...config, router: { ...config.router, defaultFallbacks: ['quick'] } }
const withCatchAll = { ...config, deployments: [...config.deployments, row('*', 'all', { model: '*' })] }
const ids = (found: ReturnType<typeof resolve>) => found?.deployments.map(({ id }) => id)

describe('the name a caller gave', () => {
  it('is a group, for everybody but with deployments of the own team only', () => {
    expect(ids(resolve('fast', config))).toEqual(['fast-1', 'fast-2'])
    expect(ids(resolve('smart', config))).toEqual(['smart-1'])
    expect(ids(resolve('smart', config, { teamId: 't2' }))).toEqual(['smart-1'])
    expect(ids(resolve('smart', config, { teamId: 't1' }))).toEqual(['smart-1', 'smart-of-t1'])
  })

  it('is the same value every time for an exact name', () => {
    expect(resolve('quick', config)).toBe(resolve('fast', config))
    expect(resolve('smart', config, { teamId: 't1' })).toBe(resolve('smart', config, { teamId: 't1' }))
  })

  it('goes through the aliases of key and team, then of the router', () => {
    expect(resolve('mine', config, { aliases: [{ mine: 'ours' }, { ours: 'quick' }] })?.group).toBe('fast')
    expect(resolve('mine', config)).toBeUndefined()
    expect(resolve('constructor', config, { aliases: [{}] })).toBeUndefined()
  })

  it('may be one deployment', () => {
    expect(resolve('fast-2', config)).toMatchObject({ group: 'fast', by: 'deployment id' })
    expect(ids(resolve('fast-2', config))).toEqual(['fast-2'])
    expect(resolve('smart-of-t1', config, { teamId: 't2' })).toBeUndefined()
    expect(ids(resolve('smart-of-t1', config, { teamId: 't1' }))).toEqual(['smart-of-t1'])
  })

  it("may be the team's own name for it, which no other team has", () => {
    expect(ids(resolve('house', config, { teamId: 't1' }))).toEqual(['team-1'])
    expect(resolve('house', config, { teamId: 't2' })).toBeUndefined()
    expect(resolve('model_name_t1_abc', config)).toBeUndefined()
  })

  it('fits the most special wildcard as a whole, and brings its own model', () => {
    const found = resolve('openai/gpt-4o', config)
    expect(found).toMatchObject({ group: 'openai/gpt-4*', model: 'openai/gpt-4o', by: 'wildcard' })
    expect(found?.deployments[0]).toMatchObject({ id: 'any-gpt-4' })
    expect(resolve('openai/o3', config)).toMatchObject({ group: 'openai/*', deployments: [{ model: 'o3' }] })
    expect(resolve('gpt-x', config)).toMatchObject({ group: 'openai/gpt-4*', model: 'openai/gpt-4o' })
    expect(resolve('some-mini', config)?.group).toBe('*-mini')
    expect(resolve('some-mini-2', config)).toBeUndefined()
    expect(resolve(`${'a'.repeat(100_000)}-mini`, config)).toBeUndefined()
  })

  it('falls to the catch-all, else to the first default fallback, else is nothing', () => {
    expect(resolve('whatever', withCatchAll)).toMatchObject({ group: '*', deployments: [{ model: 'whatever' }] })
    expect(resolve('whatever', withDefault)).toMatchObject({ group: 'fast', by: 'default fallback' })
    expect(resolve('whatever', config)).toBeUndefined()
  })
})

describe('the nearest names', () => {
  it('are those that a caller may see, nearest first, without hidden ones', () => {
    expect(nearestModels('smrt', config, () => true)[0]).toBe('smart')
    expect(nearestModels('smrt', config, (name) => name !== 'smart')).not.toContain('smart')
    expect(nearestModels('secre', config, () => true)).not.toContain('secret')
    expect(nearestModels('model_name_t1_abc', config, () => true)).not.toContain('model_name_t1_abc')
    expect(nearestModels('x'.repeat(1_000_000), config, () => true)).toEqual([])
  })
})
