import { expect, it } from 'vitest'
import { newId } from '../../../src/ids.ts'
import { csvDollars, csvLine } from '../../../src/routes/admin/spend-csv.ts'
import { recordOf } from '../../../src/spend/memory.ts'
import type { SpendLog } from '../../../src/spend/report.ts'
import { pagesOf } from '../../../src/spend/report-pages.ts'
import { spendEventOf } from '../../support/spend-event.ts'
import { MASTER, world } from '../routes/world.ts'

const ROWS = 20_000
const PATH = '/spend/logs/export?start_date=2026-11-22&end_date=2026-11-22'
const row = recordOf(spendEventOf({ id: newId(Date.UTC(2026, 10, 22)), cost_nano: '3', key_alias: '=1+1' }))

/** A front door whose log has twenty thousand rows, made when they are asked for. */
function crowded(fails: (asked: number) => boolean = () => false) {
  const w = world()
  let asked = 0
  let told = 0
  const rows: SpendLog['rows'] = (_, after, most) => {
    asked += 1
    if (fails(asked)) return Promise.reject(new Error('connection refused'))
    if (after === undefined) told = 0
    const part = Array.from({ length: Math.min(most, ROWS - told) }, () => row)
    told += part.length
    return Promise.resolve(part)
  }
  Object.assign(w.deps.spendReport, { rows })
  const file = (format: string) =>
    w.fetched(`${PATH}&format=${format}`, { headers: { authorization: `Bearer ${MASTER}` } })
  return { file, asked: () => asked }
}

it.each(['csv', 'json'])('a %s file has every row, and no more of it is read than was taken', async (format) => {
  const { file, asked } = crowded()
  const reader = (await file(format)).body?.getReader()
  let bytes = 0
  for (let part = 1; part <= 5; part++) {
    bytes += (await reader?.read())?.value?.length ?? 0
    await new Promise((done) => setTimeout(done))
    expect(asked()).toBe(part)
  }
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) bytes += part.value.length
  const rowsOf = async (text: string) =>
    format === 'json' ? JSON.parse(text).length : text.trimEnd().split('\r\n').length - 1
  const whole = await (await crowded().file(format)).text()
  expect([await rowsOf(whole), bytes]).toEqual([ROWS, whole.length])
})

it('a reader who leaves ends the reading', async () => {
  const { file, asked } = crowded()
  const reader = (await file('csv')).body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await new Promise((done) => setTimeout(done))
  expect(asked()).toBe(1)
})

it('what fails before the first row is refused, and what fails later breaks the file off', async () => {
  expect((await crowded((asked) => asked === 1).file('csv')).status).toBe(500)
  const broken = await crowded((asked) => asked === 3).file('json')
  expect(broken.status).toBe(200)
  await expect(broken.text()).rejects.toThrow()
})

it('a line of CSV keeps its cells apart, and is no formula', () => {
  expect(csvLine(['a,"b"\nc', '=cmd()', '-1.5', '-x', 7, true, null])).toBe(`"a,""b""\nc",'=cmd(),-1.5,'-x,7,true,\r\n`)
  expect([0n, 12n, 1_500_000_000n, -3n].map(csvDollars)).toEqual([
    '0.000000000',
    '0.000000012',
    '1.500000000',
    '-0.000000003',
  ])
})

it('pages are of whole days, the newest first, and of fewer where days are large', () => {
  const days = [1, 2, 3, 4, 5].map((n) => ({ day: `2026-11-0${n}`, rows: n === 3 ? 20_000 : 10 }))
  expect(pagesOf(days, 1_000)).toMatchObject([
    { from: '2026-11-04', to: '2026-11-05' },
    { from: '2026-11-03', to: '2026-11-03' },
    { from: '2026-11-01', to: '2026-11-02' },
  ])
  expect(pagesOf(days.slice(0, 2), 1)).toMatchObject([{ from: '2026-11-02' }, { from: '2026-11-01' }])
})
