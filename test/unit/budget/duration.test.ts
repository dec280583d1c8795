import { expect, it } from 'vitest'
import { checkTimeZone, parseDuration } from '../../../src/budget/duration.ts'
import { GatewayError } from '../../../src/errors.ts'

const thrown = (work: () => unknown): GatewayError => {
  try {
    work()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

it.each([
  '',
  '0d',
  '-1d',
  '1.5h',
  '1y',
  'd',
  '1 d',
  '1D',
  '30',
  '1mo1d',
  '99999999999s',
  '900000d',
  'Life',
  '__proto__',
])('refuses %j and names the field', (text) => {
  const error = thrown(() => parseDuration(text, 'budget_duration'))
  expect(error.status).toBe(400)
  expect(error.details.param).toBe('budget_duration')
  expect(error.message).toMatch(/^budget_duration is .*; it must be .*30d/)
})

it('knows the words of the calendar', () => {
  expect(parseDuration('30d')).toEqual({ kind: 'months', count: 1 })
  expect(parseDuration('7d')).toEqual({ kind: 'weeks', count: 1 })
  expect(parseDuration('1440m')).toEqual({ kind: 'days', count: 1 })
  expect(parseDuration('14d')).toEqual({ kind: 'days', count: 14 })
  expect(parseDuration('90m')).toEqual({ kind: 'clock', lengthMs: 5_400_000 })
  expect(parseDuration('life')).toEqual({ kind: 'life' })
})

it('refuses a time zone that is none', () => {
  expect(thrown(() => checkTimeZone('Mars/Olympus', 'timezone')).details.param).toBe('timezone')
  expect(() => checkTimeZone('Europe/London')).not.toThrow()
})
