import { expect, it } from 'vitest'
import { ledgerDefaults } from '../../../src/config/config.ts'
import { ledgerSettingsFrom } from '../../../src/ledger/settings.ts'

it('lays what is given over the defaults', () => {
  expect(ledgerSettingsFrom(undefined)).toEqual(ledgerDefaults)
  const file = { ...ledgerDefaults, budgetWaitMs: 9_000 }
  expect(ledgerSettingsFrom(undefined, file)).toEqual(file)
  expect(ledgerSettingsFrom('{"horizonMs":20000}', file)).toEqual({ ...file, horizonMs: 20_000 })
  expect(ledgerSettingsFrom('{"horizonMs":20000}')).toEqual({ ...ledgerDefaults, horizonMs: 20_000 })
})

it.each(['{', '{"horizonMs":"20s"}', '{"horizonMs":0}', '{"horizon":1}', '[]'])('refuses %s by name', (text) => {
  expect(() => ledgerSettingsFrom(text)).toThrow(/^LEDGER_SETTINGS /)
})
