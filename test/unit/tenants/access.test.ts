import { describe, expect, it } from 'vitest'
import { allowsModel, mayUse } from '../../../src/tenants/access.ts'
import type { Principal } from '../../../src/tenants/principal.ts'
import { masterPrincipal } from '../../../src/tenants/principal-of.ts'

const caller = (models: Principal['models']): Principal => ({ ...masterPrincipal(0), models })

describe('model access', () => {
  it('no list allows all', () => expect(() => mayUse(caller([]), 'anything')).not.toThrow())

  it('a model must be in every list, by its exact name', () => {
    const who = caller([
      { level: 'key', names: ['a', 'b'] },
      { level: 'team', names: ['b', 'c'] },
    ])
    expect(['a', 'b', 'c', 'B', 'b '].map((model) => allowsModel(who, model))).toEqual([
      false,
      true,
      false,
      false,
      false,
    ])
  })

  it('an alias is allowed by its own name or by what it stands for', () => {
    const who = caller([{ level: 'key', names: ['small'] }])
    expect([allowsModel(who, 'tiny', 'small'), allowsModel(who, 'tiny', 'large'), allowsModel(who, 'tiny')]).toEqual([
      true,
      false,
      false,
    ])
  })

  it.each(['*', 'all-proxy-models', 'all-team-models'])('%s leaves it to the levels above', (all) => {
    const who = caller([
      { level: 'key', names: [all] },
      { level: 'team', names: ['b'] },
    ])
    expect([allowsModel(who, 'a'), allowsModel(who, 'b')]).toEqual([false, true])
  })

  it.each([
    ['key', 'key_model_access_denied'],
    ['team', 'team_model_access_denied'],
    ['org', 'org_model_access_denied'],
  ] as const)('the refusal of a %s says what it allows', (level, type) => {
    expect(() => mayUse(caller([{ level, names: ['a', 'b'] }]), 'c')).toThrow(
      expect.objectContaining({
        status: 401,
        type,
        message: `${level} not allowed to access model. This ${level} can only access models=['a', 'b']. Tried to access c`,
      }),
    )
  })
})

describe('lists of models', () => {
  const who = caller([{ level: 'key', names: ['openai/*', 'beta-models'] }])

  it('may say a vendor with a star', () =>
    expect(['openai/gpt', 'openai/', 'anthropic/x'].map((model) => allowsModel(who, model))).toEqual([
      true,
      true,
      false,
    ]))

  it('may name a group of deployments', () =>
    expect([
      allowsModel(who, 'small', { target: 'small', accessGroups: ['beta-models'] }),
      allowsModel(who, 'small', { target: 'small', accessGroups: ['gold'] }),
    ]).toEqual([true, false]))

  it('of no-default-models alone allow none', () =>
    expect(allowsModel(caller([{ level: 'user', names: ['no-default-models'] }]), 'small')).toBe(false))
})
