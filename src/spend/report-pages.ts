import type { SpendGroup } from './report.ts'

/** The most that is read for one page, as long as that makes a day. */
const MOST_ROWS = 5_000

/** Its first and its last day. */
export interface PageOfDays {
  readonly from: string
  readonly to: string
}

/**
 * Pages of whole days, the newest first: at most so many days each, and fewer where days are large, so that a page is
 * read and sent in about the same time whatever lies behind it.
 */
export function pagesOf(days: readonly Pick<SpendGroup, 'day' | 'rows'>[], mostDays: number): readonly PageOfDays[] {
  const pages: { from: string; to: string; days: number; rows: number }[] = []
  for (const { day, rows } of days.toSorted((a, b) => (a.day < b.day ? 1 : -1))) {
    const page = pages.at(-1)
    if (page && page.days < mostDays && page.rows + rows <= MOST_ROWS) {
      page.from = day
      page.days += 1
      page.rows += rows
    } else pages.push({ from: day, to: day, days: 1, rows })
  }
  return pages
}
