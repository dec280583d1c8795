import { DrizzleQueryError } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { refusal } from '../../../src/middleware/error-door.ts'

it('tells the operator why, without the statement and what was in it', () => {
  const lines: string[] = []
  const failed = new DrizzleQueryError('select secret_column', ['secret-value'], new Error('connection refused'))
  const error = new GatewayError('database_unavailable', 'Ask again.', {
    cause: new Error('no answer', { cause: failed }),
  })
  const response = refusal(error, 'request-1', (line) => lines.push(line))
  expect(response.status).toBe(503)
  expect(lines).toEqual([expect.stringContaining('connection refused')])
  expect(lines[0]).toMatch(/request-1.*no answer/)
  expect(lines[0]).not.toMatch(/secret/)
})
