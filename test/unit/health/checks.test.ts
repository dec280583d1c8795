import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import { probe, probingOf } from '../../../src/gateway/probe.ts'
import { type Check, dueOf } from '../../../src/health/checks.ts'
import { masterPrincipal } from '../../../src/tenants/principal-of.ts'
import { gatewayWorld } from '../../support/gateway-world.ts'

const checked = (deployment: string, atMs: number) => ({ deployment, atMs }) as Check
const deployment = (more: Partial<Deployment> = {}): Deployment => ({
  id: 'd1',
  group: 'small',
  provider: 'openai',
  model: 'gpt-4o-mini',
  params: {},
  mode: 'chat',
  ...more,
})

it('those are due that nobody asked, or not lately', () => {
  const all = [{ id: 'never' }, { id: 'old' }, { id: 'fresh' }]
  expect(dueOf(all, [checked('old', 0), checked('fresh', 41)], 60, 100)).toEqual([{ id: 'never' }, { id: 'old' }])
})

describe('what is asked', () => {
  it('is the model that health_check_model names, with or without its vendor', () => {
    const named = (model: string) => probingOf(deployment({ healthCheck: { model } }))?.deployment.model
    expect(named('openai/gpt-4.1-nano')).toBe('gpt-4.1-nano')
    expect(named('gpt-4.1-nano')).toBe('gpt-4.1-nano')
  })

  it('is nothing of a wildcard without one, nor of a model for pictures', () => {
    expect(probingOf(deployment({ group: 'openai/*', model: '*' }))).toBeUndefined()
    expect(probingOf(deployment({ mode: 'image_generation' }))).toBeUndefined()
  })

  it('is asked once, of nobody else, although the group has retries and fallbacks', async () => {
    const asked: string[] = []
    const world = gatewayWorld((url) => {
      asked.push(url)
      return Response.json({ error: { message: 'away' } }, { status: 503 })
    })
    const primary = world.deps.config.deployments.find(({ group }) => group === 'primary')!
    const check = await probe({ ...primary, numRetries: 5 }, 'asked', world.deps, masterPrincipal(0))
    expect(check).toMatchObject({ ok: false, costNano: 0n, group: 'primary', by: 'asked' })
    expect(check?.error).toBeTruthy()
    expect(asked).toHaveLength(1)
  })
})
