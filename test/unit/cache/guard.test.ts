import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge, pairsOf } from '../../../scripts/prove/guard-pairs.ts'
import { refusal } from '../../../src/cache/guard/guard.ts'

const pairs = async (part: string) =>
  pairsOf(await readFile(new URL(`../../fixtures/guard/${part}.txt`, import.meta.url), 'utf8'))

describe('the guard', () => {
  it('does as the first example of a semantic cache says', () => {
    expect(refusal('Hãy giải thích microservices?', 'Microservices là gì?')).toBeUndefined()
    expect(refusal('Microservice architecture giúp gì?', 'Microservices là gì?')).toBe('word')
    expect(refusal('Microservice architecture giúp gì?', 'Hãy giải thích microservices?')).toBe('word')
  })

  it('lets nothing wrong through of the pairs it was tuned against, and most of what is right', async () => {
    const { wrong, recall } = judge(await pairs('tuning'))
    expect(wrong).toEqual([])
    expect(recall).toBeGreaterThan(0.9)
  })

  it('is as careful with pairs it was never tuned against', async () => {
    const { precision, recall } = judge(await pairs('unseen'))
    expect(precision).toBeGreaterThan(0.97)
    expect(recall).toBeGreaterThan(0.75)
  })

  it.each([
    ['number', 'Convert 10 kg to pounds', 'Convert 12 kg to pounds'],
    ['number', 'What is GPT-4?', 'What is GPT-3?'],
    ['number', 'What is 2 + 2?', 'What is 2 - 2?'],
    ['name', 'Who is Barack Obama?', 'Who is Michelle Obama?'],
    ['name', 'Translate 你好 to English', 'Translate 再见 to English'],
    ['negation', 'Which mammals can fly?', 'Which mammals cannot fly?'],
    ['negation', 'Nước nào cần visa?', 'Nước nào không cần visa?'],
    ['time', 'Giá vàng hôm nay', 'Giá vàng hôm qua'],
    ['unit', 'Run for 5 minutes', 'Run for 5 hours'],
    ['order', 'Flights from Hanoi to Saigon', 'Flights from Saigon to Hanoi'],
    ['order', 'Flights from Hanoi to Saigon', 'Flights to Hanoi from Saigon'],
    ['comparison', 'Điện thoại dưới 10 triệu', 'Điện thoại trên 10 triệu'],
    ['quotation', 'What does `git pull` do?', 'What does `git push` do?'],
    ['question', 'Khi nào Bác Hồ sinh?', 'Bác Hồ sinh ở đâu?'],
    ['person', 'Is my account blocked?', 'Is your account blocked?'],
    ['language', 'What is Docker?', 'Docker là gì?'],
    ['nothing to compare', 'Why?', 'Why is it?'],
  ])('says %s: %s / %s', (reason, asked, known) => {
    expect(refusal(asked, known)).toBe(reason)
    expect(refusal(known, asked)).toBe(reason)
  })

  it('compares a language it does not know word by word', () => {
    expect(refusal('¿Cuál es la capital de Francia?', '¿cuál es la capital de francia')).toBeUndefined()
    expect(refusal('Wo liegt der Bodensee?', 'Wo liegt denn der Bodensee?')).toBeDefined()
  })

  it('takes no signs for nothing: a name that is spelt like a small word stays', () => {
    expect(refusal('What is the WHO?', 'What is the who?')).toBeDefined()
    expect(refusal('What is C#?', 'What is C++?')).toBeDefined()
    expect(refusal('How do I sort a list?', 'How do I sort?')).toBeDefined()
  })

  it('never lets another number through, whatever stands around it', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.lorem({ maxCount: 6 }), (one, two, words) => {
        fc.pre(one !== two)
        expect(refusal(`What is ${words} ${one}?`, `What is ${words} ${two}?`)).toBe('number')
      }),
    )
  })

  it('thinks the same of two questions whichever came first, and reads anything', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.lorem({ maxCount: 8 }))
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(refusal(a, b) === undefined).toBe(refusal(b, a) === undefined)
        if (refusal(a, a) !== undefined) expect(refusal(a, a)).toBe('nothing to compare')
      }),
    )
  })
})
