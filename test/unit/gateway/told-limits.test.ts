import { expect, it } from 'vitest'
import { modelName } from '../../../src/tenants/scope.ts'
import { answered, gatewayWorld, keyWith } from '../../support/gateway-world.ts'

it('an event says what is left of the key’s own limits for its model, and of no other limit', async () => {
  const world = gatewayWorld(() => answered('Hi', { prompt_tokens: 10, completion_tokens: 5 }))
  const caller = keyWith(undefined, [
    { entity: modelName('key:k1', 'small'), model: 'small', rpm: 5, tpm: 100_000 },
    { entity: 'key:k1', rpm: 900, tpm: 900_000 },
    { entity: modelName('team:t', 'small'), model: 'small', rpm: 700 },
  ])
  const ask = (principal = caller) =>
    world.ask({ model: 'small', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 20 }, principal)
  await ask()
  await ask()
  await ask(keyWith(undefined, [{ entity: 'key:k1', rpm: 900 }]))
  await world.rest()
  const [first, second, third] = world.rows()
  expect(first!.key_remaining_requests).toBeLessThan(5)
  expect(first!.key_remaining_tokens).toBeLessThan(100_000)
  expect(second!.key_remaining_requests).toBeLessThan(first!.key_remaining_requests!)
  expect(third).not.toHaveProperty('key_remaining_requests')
})
