import { describe, expect, it } from 'vitest'
import { remembered } from '../../../src/observe/remembered.ts'

function world() {
  let nowMs = 0
  const rows = new Map([['a', 1]])
  const asked: string[][] = []
  let failing = false
  const look = remembered(
    (names) => {
      asked.push([...names])
      if (failing) return Promise.reject(new Error('connection refused'))
      return Promise.resolve(new Map([...rows].filter(([name]) => names.includes(name))))
    },
    () => nowMs,
  )
  return { rows, asked, look, pass: (ms: number) => (nowMs += ms), fail: (now: boolean) => (failing = now) }
}

describe('a look-up that is remembered', () => {
  it('asks once in five seconds for each name, also for those that are not there', async () => {
    const w = world()
    expect(await w.look(['a', 'b'])).toEqual(new Map([['a', 1]]))
    w.rows.set('b', 2)
    w.pass(4_999)
    expect(await w.look(['a', 'b', 'c'])).toEqual(new Map([['a', 1]]))
    expect(w.asked).toEqual([['a', 'b'], ['c']])
    w.rows.delete('a')
    w.pass(1)
    expect(await w.look(['a', 'b'])).toEqual(new Map([['b', 2]]))
    expect(await w.look([])).toEqual(new Map())
    expect(w.asked).toHaveLength(3)
  })

  it('answers what it knew though others make it forget meanwhile', async () => {
    const w = world()
    await w.look(['a'])
    const [one] = await Promise.all([w.look(['a', 'b']), w.look(Array.from({ length: 20_000 }, (_, at) => `n${at}`))])
    expect(one).toEqual(new Map([['a', 1]]))
  })

  it('does not remember a failure', async () => {
    const w = world()
    w.fail(true)
    await expect(w.look(['a'])).rejects.toThrow('connection refused')
    w.fail(false)
    expect(await w.look(['a'])).toEqual(new Map([['a', 1]]))
  })

  it('answers whole where more names are asked for than it keeps', async () => {
    const w = world()
    await w.look(['a'])
    const names = Array.from({ length: 20_000 }, (_, at) => `n${at}`)
    expect(await w.look(['a', ...names])).toEqual(new Map([['a', 1]]))
  })
})
