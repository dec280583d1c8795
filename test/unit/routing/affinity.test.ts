import { describe, expect, it } from 'vitest'
import { promptKey } from '../../../src/operations/prompt-prefix.ts'
import { hashText, keptTogether } from '../../../src/routing/affinity.ts'
import { type DeploymentState, unknownState } from '../../../src/routing/state.ts'

const one = (id: string, state: Partial<DeploymentState> = {}, weight?: number) => ({
  id,
  ...(weight !== undefined && { weight }),
  state: { ...unknownState, ...state },
})
const keys = Array.from({ length: 2_000 }, (_, at) => `session-${at}`)
const four = ['a', 'b', 'c', 'd'].map((id) => one(id))

describe('affinity', () => {
  it('sends a key to the same deployment, in whatever order they come, and keeps every candidate', () => {
    for (const key of keys.slice(0, 50)) {
      const [first] = keptTogether(four, key)
      expect(keptTogether([...four].reverse(), key)[0]).toBe(first)
      expect(new Set(keptTogether(four, key))).toEqual(new Set(four))
    }
  })

  it('spreads keys evenly', () => {
    for (const candidate of four) {
      const share = keys.filter((key) => keptTogether(four, key)[0] === candidate).length / keys.length
      expect(Math.abs(share - 0.25)).toBeLessThan(0.04)
    }
  })

  it('spreads them by weight, where there are weights', () => {
    const weighted = [one('a', {}, 9), one('b', {}, 1)]
    const share = keys.filter((key) => keptTogether(weighted, key)[0] === weighted[0]).length / keys.length
    expect(Math.abs(share - 0.9)).toBeLessThan(0.02)
  })

  it('moves only the keys of a deployment that goes', () => {
    const three = four.slice(0, 3)
    for (const key of keys) {
      const before = keptTogether(four, key)[0]
      if (before !== four[3]) expect(keptTogether(three, key)[0]).toBe(before)
    }
  })

  it('passes by who is busy, not well, or of weight zero', () => {
    const key = 'k'
    const home = keptTogether(four, key)[0]!.id
    const without = (state: Partial<DeploymentState>, weight?: number) =>
      keptTogether(
        four.map((each) => (each.id === home ? one(home, state, weight) : one(each.id, { inFlight: 10 }, 1))),
        key,
      )[0]!.id
    expect(without({ inFlight: 15 })).toBe(home)
    expect(without({ inFlight: 40 })).not.toBe(home)
    expect(without({ circuit: 'half_open', mayProbe: true })).not.toBe(home)
    expect(without({}, 0)).not.toBe(home)
    const loaded = [one('a', { inFlight: 90 }, 9), one('b', { inFlight: 10 }, 1)]
    expect(keys.filter((each) => keptTogether(loaded, each)[0]!.id === 'a').length).toBeGreaterThan(1700)
  })

  it('hashes the same everywhere', () => {
    expect(hashText('tollgate')).toBe(hashText('tollgate'))
    expect(hashText('tollgate')).not.toBe(hashText('tollgatf'))
  })
})

describe('the key of a prompt', () => {
  const long = 'You are a careful assistant. '.repeat(200)
  const chat = (system: string, user: string, rest = {}) => ({
    model: 'm',
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    ...rest,
  })

  it('is that of its long beginning', () => {
    expect(promptKey(chat(long, 'one'))).toBeDefined()
    expect(promptKey(chat(long, 'one'))).toBe(promptKey(chat(long, 'two')))
    expect(promptKey(chat(long, 'one'))).not.toBe(promptKey(chat(`!${long}`, 'one')))
    expect(promptKey(chat(long, 'one', { tools: [{ type: 'function' }] }))).not.toBe(promptKey(chat(long, 'one')))
  })

  it('is the same for a text and for a part that says it', () => {
    const parts = { model: 'm', messages: [{ role: 'system', content: [{ type: 'text', text: long }] }] }
    expect(promptKey(parts)).toBe(promptKey(chat(long, 'one')))
  })

  it('is nothing for a short prompt, however large its pictures', () => {
    const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(10_000)}` } }
    expect(promptKey(chat('short', 'one'))).toBeUndefined()
    expect(promptKey({ model: 'm', messages: [{ role: 'user', content: [picture] }] })).toBeUndefined()
  })
})
