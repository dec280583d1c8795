import { describe, expect, it } from 'vitest'
import { counted } from '../../../src/operations/counted.ts'
import { noUsage } from '../../../src/prices/usage.ts'

const free = { input: 0, output: 0 }
const reckoned = { ...noUsage, inputTokens: 30, searchUnits: 2, inputAudioMs: 4_000 }
const tokens = { ...noUsage, inputTokens: 25 }

describe('what an answer used', () => {
  it('is what its vendor told, where that is what its price counts', () => {
    expect(counted(tokens, reckoned, { input: 1, output: 0, units: { searchUnit: 5 } })).toEqual({
      usage: tokens,
      estimated: false,
    })
    const heard = { ...noUsage, inputAudioMs: 3_000 }
    expect(counted(heard, reckoned, { ...free, units: { second: 5 } }).usage).toBe(heard)
  })

  it('is reckoned where it told something else, or nothing', () => {
    expect(counted(undefined, reckoned, undefined)).toEqual({ usage: reckoned, estimated: true })
    expect(counted(tokens, reckoned, { ...free, units: { searchUnit: 5 } })).toEqual({
      usage: { ...tokens, searchUnits: 2 },
      estimated: true,
    })
    expect(counted(tokens, reckoned, { ...free, units: { second: 5 } }).usage).toEqual({
      ...tokens,
      inputAudioMs: 4_000,
    })
    const searched = { ...noUsage, searchUnits: 1 }
    expect(counted(searched, reckoned, { input: 1, output: 0 }).usage).toEqual({ ...searched, inputTokens: 30 })
  })

  it('is nothing where it costs nothing, or where nobody knows what it costs', () => {
    for (const price of [free, undefined])
      expect(counted(noUsage, reckoned, price)).toEqual({ usage: noUsage, estimated: false })
  })

  it('is what it was where its vendor says what it bills', () => {
    const told = { ...noUsage, reportedNano: 0 }
    expect(counted(told, reckoned, { input: 1, output: 0 }).usage).toBe(told)
  })
})
