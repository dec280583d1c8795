import { expect, it } from 'vitest'
import { build } from './world.ts'

it('the budgets of the file', () => {
  const { config, notices } = build(`
litellm_settings:
  timezone: Europe/London
  max_budget: 100
  budget_duration: 30d
  max_end_user_budget: 0.5
  max_end_user_budget_id: daily
  max_internal_user_budget: 3
  internal_user_budget_duration: 1mo
`)
  expect(config.litellm).toEqual({
    dropParams: false,
    timeZone: 'Europe/London',
    budget: { limitUsd: 100, duration: '30d' },
    customerUsd: 0.5,
    customerBudgetId: 'daily',
    newUserBudget: { limitUsd: 3, duration: '1mo' },
  })
  expect(notices.filter(({ path }) => path.startsWith('litellm_settings'))).toEqual([])
})

it('a proxy budget of 0 is none, and one without a duration never ends', () => {
  expect(build('litellm_settings: { max_budget: 0 }').config.litellm.budget).toBeUndefined()
  expect(build('litellm_settings: { max_budget: 1 }').config.litellm.budget).toEqual({ limitUsd: 1, duration: 'life' })
})

it('the budgets of tags', () => {
  const { config } = build(
    'litellm_settings: { tag_budget_config: { "product:bot": { max_budget: 2, budget_duration: 7d } } }',
  )
  expect(config.litellm.tagBudgets).toEqual({ 'product:bot': { limitUsd: 2, duration: '7d' } })
  const { notices } = build('litellm_settings: { tag_budget_config: { a: { budget_duration: 1d }, b: 3 } }')
  expect(notices.filter(({ level }) => level === 'error').map(({ path }) => path)).toEqual([
    'litellm_settings.tag_budget_config.b',
    'litellm_settings.tag_budget_config.a',
  ])
})
