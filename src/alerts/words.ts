import type { About, Facts, Share } from './alert.ts'
import { budgetWords } from './budget-words.ts'
import { dateIn, dollars, momentIn } from './money-words.ts'

/** A message before a channel gives it its form. */
export interface Words {
  readonly title: string
  readonly lines: readonly string[]
}

export interface Tongue {
  readonly language: 'en' | 'vi'
  readonly timeZone: string
}

/** What an alert says. It holds no prompt, no answer and no secret: its facts have none. */
export function wordsOf(facts: Facts, tongue: Tongue): Words {
  switch (facts.kind) {
    case 'budget':
      return budgetWords(facts, tongue.language)
    case 'outage':
      return outage(facts, tongue)
    case 'region':
      return {
        title: `${OUTAGE_TITLES[facts.level]} in a region: ${facts.provider} ${facts.region}`,
        lines: [
          `Deployments: ${facts.deployments.join(', ') || 'none any more'}`,
          `Failures in the last minute: ${facts.failures}`,
          `Since: ${momentIn(tongue.timeZone, facts.sinceMs)}`,
        ],
      }
    case 'cooldown':
      return {
        title: `🧊 Cooling down: ${facts.group}`,
        lines: [
          about(facts),
          ...(facts.because === null ? [] : [`Because: ${facts.because}`]),
          ...(facts.untilMs === null ? [] : [`Asked again from: ${momentIn(tongue.timeZone, facts.untilMs)}`]),
        ],
      }
    case 'slow':
      return {
        title: `🐢 Responses are slow - ${seconds(facts.longestMs)} response time > Alerting threshold: ${seconds(facts.thresholdMs)}`,
        lines: [
          `Request Model: ${facts.group}`,
          about(facts),
          ...(facts.keyAlias === null ? [] : [`Key Name: ${facts.keyAlias}`]),
          ...(facts.team === null ? [] : [`Team: ${facts.team}`]),
          `Requests: ${facts.count}, the slowest: ${facts.requestId}`,
        ],
      }
    case 'hanging':
      return {
        title: `⏳ Requests are hanging - ${seconds(facts.thresholdMs)}+ request time`,
        lines: [`Request Model: ${facts.group}`, about(facts), `Requests: ${facts.count}`],
      }
    case 'exception':
      return {
        title: `❌ LLM API calls failed: ${facts.group}`,
        lines: [about(facts), `${facts.count} × ${facts.status} ${facts.error}`, `First call id: ${facts.requestId}`],
      }
    case 'spend':
      return spend(facts, tongue)
    case 'daily':
      return daily(facts, tongue)
    case 'fallbacks':
      return fallbacks(facts, tongue)
    case 'db':
      return { title: `🗄️ DB read/write call failed: ${facts.where}`, lines: [facts.error] }
    case 'dead':
      return {
        title: `☠️ ${facts.count} ${facts.count === 1 ? 'message waits' : 'messages wait'} to be replayed: ${facts.queue}`,
        lines: [
          ...(facts.error === null ? [] : [`Last reason: ${facts.error}`]),
          facts.queue.includes('deliveries')
            ? 'Once the sink answers again: POST /callbacks/replay'
            : 'Failed tracking spend. Once the cause is gone: npm run spend:replay',
        ],
      }
    case 'change':
      return {
        title: `🔑 ${facts.entity}: \`${facts.name}\``,
        lines: [
          `Action Done by: ${facts.by}`,
          ...(facts.fields.length === 0 ? [] : [`Fields: ${facts.fields.join(', ')}`]),
        ],
      }
    case 'test':
      return {
        title: '✅ Tollgate test alert',
        lines: [tongue.language === 'vi' ? 'Kênh này nhận được cảnh báo.' : 'This channel receives alerts.'],
      }
  }
}

const OUTAGE_TITLES = {
  minor: '⚠️ Minor Service Outage',
  major: '🚨 Major Service Outage',
  resolved: '✅ Service Outage resolved',
} as const

function outage(facts: Facts & { kind: 'outage' }, { timeZone }: Tongue): Words {
  return {
    title: `${OUTAGE_TITLES[facts.level]}: ${facts.group}`,
    lines: [
      about(facts),
      `Errors in the last minute: ${facts.failures} of ${facts.requests} requests`,
      `Since: ${momentIn(timeZone, facts.sinceMs)}`,
    ],
  }
}

function spend(facts: Facts & { kind: 'spend' }, { language }: Tongue): Words {
  const { firstDay, lastDay, totalNano, teams, tags } = facts
  const isVietnamese = language === 'vi'
  const span = facts.isMonth ? firstDay.slice(0, 7) : firstDay === lastDay ? firstDay : `${firstDay} – ${lastDay}`
  const lines = [`${isVietnamese ? 'Tổng cộng' : 'Total'}: ${dollars(totalNano)}`]
  const list = (heading: string, word: string, shares: readonly Share[]) => {
    if (shares.length > 0)
      lines.push(heading, ...shares.map(({ name, nano }) => `${word}: \`${name}\` | Spend: ${exact(nano)}`))
  }
  list(isVietnamese ? 'Chi phí theo team:' : 'Team Spend Report:', 'Team', teams)
  list(isVietnamese ? 'Chi phí theo tag:' : 'Tag Spend Report:', 'Tag', tags)
  const heading = isVietnamese ? 'Báo cáo chi phí' : facts.isMonth ? 'Monthly Spend Report for' : 'Spend Report for'
  return { title: `💸 ${heading} ${span}`, lines }
}

const exact = (nano: string) => `$${(Number(nano) / 1e9).toFixed(4)}`

function daily(facts: Facts & { kind: 'daily' }, { timeZone, language }: Tongue): Words {
  const { fromMs, toMs, requests, failures, costNano, failing, slowest } = facts
  const isVietnamese = language === 'vi'
  const span = `${momentIn(timeZone, fromMs)} – ${momentIn(timeZone, toMs)}`
  const none = isVietnamese ? 'không có' : 'none'
  return {
    title: isVietnamese ? `📈 Các chỉ số chính: ${span}` : `📈 Here are today's key metrics: ${span}`,
    lines: [
      isVietnamese
        ? `Requests: ${requests}, lỗi: ${failures}, chi phí: ${dollars(costNano)}`
        : `Requests: ${requests}, failed: ${failures}, spend: ${dollars(costNano)}`,
      isVietnamese ? '❗️ Deployments lỗi nhiều nhất:' : '❗️ Top Deployments with Most Failed Requests:',
      ...(failing.length === 0 ? [none] : failing.map(({ name, count }, at) => `${at + 1}. ${name}: ${count}`)),
      isVietnamese ? '😅 Deployments chậm nhất:' : '😅 Top Slowest Deployments:',
      ...(slowest.length === 0
        ? [none]
        : slowest.map(({ name, secondsPerToken }, at) => `${at + 1}. ${name}: ${secondsPerToken.toFixed(4)} s/token`)),
    ],
  }
}

function fallbacks(facts: Facts & { kind: 'fallbacks' }, { timeZone, language }: Tongue): Words {
  return {
    title: `🔀 ${language === 'vi' ? 'Thống kê fallback' : 'Fallback Statistics'}: ${dateIn(timeZone, facts.fromMs)}`,
    lines: facts.moves.map(({ from, to, count, ok }) => `${from} → ${to}: ${count}, ${ok} answered`),
  }
}

const about = ({ deployment, provider, model }: About) => `Deployment: ${deployment} (${provider}/${model})`
const seconds = (ms: number) => `${Math.round(ms / 100) / 10}s`
