import { describe, expect, it } from 'vitest'
import { storableJson } from '../../../src/db/json.ts'
import { newId } from '../../../src/ids.ts'
import { checkEvent } from '../../../src/spend/storable.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const good = spendEventOf({ id: newId(Date.UTC(2026, 10, 22)), scopes: ['key:a@life'], windows: [0], covered: [true] })

describe('checkEvent', () => {
  it('takes an event as the gateway writes it', () => {
    expect(checkEvent(good)).toEqual({ ok: true, event: good })
  })

  it.each([
    ['an id without a time', { id: 'not-a-uuid' }, /id/],
    ['an id in capitals, which would be another row', { id: good.id.toUpperCase() }, /id/],
    ['a negative cost', { cost_nano: '-1' }, /cost_nano/],
    ['a cost that is no number', { cost_nano: 'much' }, /cost_nano/],
    ['windows that are no list', { windows: 0 }, /windows/],
    ['a cost that would overflow a window', { cost_nano: '9223372036854775808' }, /cost_nano/],
    ['fewer windows than scopes', { windows: [] }, /windows/],
    ['no word on what is covered', { covered: [] }, /covered/],
    ['one window twice', { scopes: ['a', 'a'], windows: [0, 0], covered: [true, true] }, /scopes/],
    ['a window beyond all calendars', { windows: [1e300] }, /windows/],
    ['a time that is not whole', { end_ms: 0.5 }, /end_ms/],
    ['a status that is no number of ours', { http_status: 2 ** 40 }, /http_status/],
    ['another version', { v: 2 }, /v/],
  ])('refuses %s', (_, change, why) => {
    const checked = checkEvent({ ...good, ...change })
    expect(checked.ok ? '' : checked.error).toMatch(why)
  })

  it('cuts what a caller or vendor may have made too long to index', () => {
    const checked = checkEvent({ ...good, request_id: 'r'.repeat(9_000), error_message: 'e'.repeat(90_000) })
    expect(checked.ok && [checked.event.request_id.length, checked.event.error_message?.length]).toEqual([512, 4_096])
  })
})

describe('storableJson', () => {
  it('takes out what jsonb refuses, at every depth, and nothing else', () => {
    const value = { 'k\0ey': ['a\0b', '\ud800 half', '\\u0000 stays', '😀'], n: 1, none: null }
    expect(JSON.parse(storableJson(value))).toEqual({
      key: ['ab', '\ufffd half', '\\u0000 stays', '😀'],
      n: 1,
      none: null,
    })
  })
})
