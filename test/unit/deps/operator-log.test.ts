import { DrizzleQueryError } from 'drizzle-orm'
import { afterEach, expect, it, vi } from 'vitest'
import { levelIn, logFrom, operatorLog } from '../../../src/deps/operator-log.ts'

afterEach(() => {
  logFrom('info')
  vi.restoreAllMocks()
})

it('LOG_LEVEL is read in whichever case, by its names elsewhere too, and means info when it says nothing known', () => {
  expect(levelIn({ LOG_LEVEL: 'DEBUG' })).toBe('debug')
  expect(levelIn({ LITELLM_LOG: 'WARNING' })).toBe('warn')
  expect(levelIn({ LOG_LEVEL: 'error', LITELLM_LOG: 'DEBUG' })).toBe('error')
  expect(levelIn({ LOG_LEVEL: 'chatty' })).toBe('info')
  expect(levelIn({})).toBe('info')
})

it('an event is one line of JSON, and nothing below the level is written', () => {
  const lines: string[] = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line))
  logFrom('warn')
  operatorLog('info', 'quiet', {})
  operatorLog('error', 'loud', { name: 'two\nlines' })
  expect(lines).toEqual(['{"level":"error","message":"loud","name":"two\\nlines"}'])
})

it('what was to be written is not in the line of a statement that failed', () => {
  const lines: string[] = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line))
  const error = new DrizzleQueryError('insert into t values ($1)', ['planted-value'], new Error('gone'))
  operatorLog('error', 'failed', { name: 'charge a batch', error: String(error) })
  expect(lines.join()).toContain('insert into t values ($1)')
  expect(lines.join()).not.toContain('planted-value')
})
