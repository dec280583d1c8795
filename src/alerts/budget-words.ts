import type { BudgetFacts } from './alert.ts'
import { dateIn, dollars, momentIn, percentOf } from './money-words.ts'
import type { Words } from './words.ts'

const KINDS: Readonly<Record<string, string>> = {
  key: 'Key',
  user: 'User',
  team: 'Team',
  member: 'Team member',
  org: 'Organization',
  customer: 'Customer',
  tag: 'Tag',
  provider: 'Provider',
  deployment: 'Deployment',
  global: 'Proxy',
}
const UNITS = {
  en: { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month' },
  vi: { s: 'giây', m: 'phút', h: 'giờ', d: 'ngày', w: 'tuần', mo: 'tháng' },
} as const
type Unit = keyof (typeof UNITS)['en']

/** What a budget has come to: spend, limit, percent, when it starts anew, and which keys spent most. */
export function budgetWords(facts: BudgetFacts, language: 'en' | 'vi'): Words {
  const { entityKind, entityId, alias, model, spentNano, limitNano, timeZone, endMs, exhaustedMs, top } = facts
  const isVietnamese = language === 'vi'
  const title = `${mark(facts)} ${heading(facts, isVietnamese)}: ${KINDS[entityKind] ?? entityKind} \`${alias ?? entityId}\``
  // 99.96 % is not yet all of it.
  const used = percentOf(spentNano, limitNano, { up: false })
  const spent = `${dollars(spentNano)} / ${dollars(limitNano)} (${used})`
  const span = spanOf(facts.duration, language)
  const lines = [isVietnamese ? `Đã dùng ${spent} ${span}` : `Used ${spent} ${span}`]
  if (model !== null) lines.push(`Model: ${model}`)
  if (exhaustedMs !== undefined) {
    const when = momentIn(timeZone, exhaustedMs)
    lines.push(isVietnamese ? `Dự kiến hết ngân sách vào: ${when}` : `At this pace the budget is used up on: ${when}`)
  }
  if (endMs !== null) {
    const when = endMs - facts.startMs < 2 * 86_400_000 ? momentIn(timeZone, endMs) : dateIn(timeZone, endMs)
    lines.push(isVietnamese ? `Reset vào: ${when}` : `Resets on: ${when}`)
  }
  if (top.length > 0) {
    lines.push(isVietnamese ? `Top ${top.length} keys tiêu nhiều nhất:` : `Top ${top.length} keys by spend:`)
    for (const [index, { name, nano }] of top.entries())
      lines.push(`${index + 1}. ${name}: ${dollars(nano)} (${percentOf(nano, limitNano)})`)
  }
  return { title, lines }
}

function mark({ event }: BudgetFacts): string {
  return event === 'budget_crossed' ? '🔴' : '⚠️'
}

function heading({ event }: BudgetFacts, isVietnamese: boolean): string {
  switch (event) {
    case 'soft_budget_crossed':
      return isVietnamese ? 'Vượt soft budget' : 'Soft Budget Crossed'
    case 'projected_limit_exceeded':
      return isVietnamese ? 'Dự báo vượt budget' : 'Projected Limit Exceeded'
    case 'budget_crossed':
      return isVietnamese ? 'Đã hết budget' : 'Budget Crossed'
    case 'threshold_crossed':
      return 'Budget Alert'
  }
}

function spanOf(duration: string, language: 'en' | 'vi'): string {
  const [, digits = '', unit = ''] = /^(\d+)(s|m|h|d|w|mo)$/.exec(duration) ?? []
  if (digits === '') return language === 'vi' ? 'từ trước đến nay' : 'in all'
  const word = UNITS[language][unit as Unit]
  if (language === 'vi') return `trong ${digits} ${word} qua`
  return digits === '1' ? `of this ${word}` : `in this window of ${digits} ${word}s`
}
