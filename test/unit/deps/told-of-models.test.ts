import { expect, it } from 'vitest'
import { toldOfModels } from '../../../src/deps/told-of-changes.ts'
import type { ModelStore, StoredFields } from '../../../src/models/port.ts'

it('a model that is added is told once it is written, by its group; nothing else is', async () => {
  const told: unknown[] = []
  const there = new Set(['old'])
  const store = {
    create: (row: { readonly id: string }) => Promise.resolve(!there.has(row.id)),
    replace: () => Promise.resolve(true),
  } as unknown as ModelStore
  const models = toldOfModels(store, (...change) => void told.push(change))
  const signature = { by: 'admin', nowMs: 7 }
  const row = (kind: string, id: string) =>
    ({ kind, id, group: 'fast', secret: { api_key: 'hush' } }) as unknown as StoredFields<'model'>
  expect(await models.create(row('model', 'new'), signature)).toBe(true)
  expect(await models.create(row('model', 'old'), signature)).toBe(false)
  await models.create(row('credential', 'c'), signature)
  await models.replace(row('model', 'new'), signature)
  expect(told).toEqual([['new_model_added', { entity: 'New Model Added', name: 'fast', by: 'admin', fields: [] }, 7]])
})
