import type { About, Facts, Share } from './alert.ts'
import { budgetWords } from './budget-words.ts'
import { dateIn, dollars, momentIn } from './money-words.ts'
import { type Language, type Phrases, phrases } from './phrases.ts'

/** A message before a channel gives it its form. */
export interface Words {
  readonly title: string
  readonly lines: readonly string[]
}

export interface Tongue {
  readonly language: Language
  readonly timeZone: string
}

/** What an alert says. It holds no prompt, no answer and no secret: its facts have none. */
export function wordsOf(facts: Facts, { language, timeZone }: Tongue): Words {
  const say = phrases[language]
  switch (facts.kind) {
    case 'budget':
      return budgetWords(facts, language)
    case 'outage':
      return {
        title: `${OUTAGE_SIGNS[facts.level]} ${say.outage[facts.level]}: ${facts.group}`,
        lines: [
          about(facts, say),
          say.errorsLately(facts.failures, facts.requests),
          `${say.since}: ${momentIn(timeZone, facts.sinceMs)}`,
        ],
      }
    case 'region':
      return {
        title: `${OUTAGE_SIGNS[facts.level]} ${say.outage[facts.level]} ${say.inRegion}: ${facts.provider} ${facts.region}`,
        lines: [
          `${say.deployments}: ${facts.deployments.join(', ') || say.noneAnyMore}`,
          `${say.failuresLately}: ${facts.failures}`,
          `${say.since}: ${momentIn(timeZone, facts.sinceMs)}`,
        ],
      }
    case 'cooldown':
      return {
        title: `🧊 ${say.coolingDown}: ${facts.group}`,
        lines: [
          about(facts, say),
          ...(facts.because === null ? [] : [`${say.because}: ${facts.because}`]),
          ...(facts.untilMs === null ? [] : [`${say.askedAgain}: ${momentIn(timeZone, facts.untilMs)}`]),
        ],
      }
    case 'slow':
      return {
        title: `🐢 ${say.slow(seconds(facts.longestMs), seconds(facts.thresholdMs))}`,
        lines: [
          `${say.model}: ${facts.group}`,
          about(facts, say),
          ...(facts.keyAlias === null ? [] : [`${say.key}: ${facts.keyAlias}`]),
          ...(facts.team === null ? [] : [`${say.team}: ${facts.team}`]),
          `${say.requests}: ${facts.count}, ${say.slowest}: ${facts.requestId}`,
        ],
      }
    case 'hanging':
      return {
        title: `⏳ ${say.hanging(seconds(facts.thresholdMs))}`,
        lines: [`${say.model}: ${facts.group}`, about(facts, say), `${say.requests}: ${facts.count}`],
      }
    case 'exception':
      return {
        title: `❌ ${say.failed}: ${facts.group}`,
        lines: [
          about(facts, say),
          `${facts.count} × ${facts.status} ${facts.error}`,
          `${say.firstCall}: ${facts.requestId}`,
        ],
      }
    case 'unpriced':
      return {
        title: `💲 ${say.unpriced} ${facts.group}`,
        lines: [
          about(facts, say),
          say.unpricedRequests(facts.count),
          `${say.firstCall}: ${facts.requestId}`,
          say.unpricedHint,
        ],
      }
    case 'spend':
      return spend(facts, say)
    case 'daily':
      return daily(facts, say, timeZone)
    case 'fallbacks':
      return {
        title: `🔀 ${say.fallbacks}: ${dateIn(timeZone, facts.fromMs)}`,
        lines: facts.moves.map(({ from, to, count, ok }) => `${from} → ${to}: ${count}, ${say.answered(ok)}`),
      }
    case 'db':
      return { title: `🗄️ ${say.dbFailed}: ${facts.where}`, lines: [facts.error] }
    case 'dead':
      return {
        title: `☠️ ${say.waits(facts.count)}: ${facts.queue}`,
        lines: [
          ...(facts.error === null ? [] : [`${say.lastReason}: ${facts.error}`]),
          facts.queue.includes('deliveries') ? say.replaySinks : say.replaySpend,
        ],
      }
    case 'change':
      return {
        title: `🔑 ${say.changed(facts.entity)}: \`${facts.name}\``,
        lines: [
          `${say.doneBy}: ${facts.by}`,
          ...(facts.fields.length === 0 ? [] : [`${say.fields}: ${facts.fields.join(', ')}`]),
        ],
      }
    case 'test':
      return { title: `✅ ${say.test}`, lines: [say.testWorks] }
  }
}

const OUTAGE_SIGNS = { minor: '⚠️', major: '🚨', resolved: '✅' } as const

function spend({ firstDay, lastDay, isMonth, totalNano, teams, tags }: Facts & { kind: 'spend' }, say: Phrases): Words {
  const span = isMonth ? firstDay.slice(0, 7) : firstDay === lastDay ? firstDay : `${firstDay} – ${lastDay}`
  const listed = (heading: string, word: string, shares: readonly Share[]) =>
    shares.length === 0
      ? []
      : [heading, ...shares.map(({ name, nano }) => `${word}: \`${name}\` | ${say.spend}: ${exact(nano)}`)]
  return {
    title: `💸 ${isMonth ? say.monthReport : say.spendReport} ${span}`,
    lines: [
      `${say.total}: ${dollars(totalNano)}`,
      ...listed(say.byTeam, 'Team', teams),
      ...listed(say.byTag, 'Tag', tags),
    ],
  }
}

const exact = (nano: string) => `$${(Number(nano) / 1e9).toFixed(4)}`

function daily(facts: Facts & { kind: 'daily' }, say: Phrases, timeZone: string): Words {
  const { fromMs, toMs, requests, failures, costNano, failing, slowest } = facts
  const ranked = (lines: readonly string[]) =>
    lines.length === 0 ? [say.none] : lines.map((line, at) => `${at + 1}. ${line}`)
  return {
    title: `📈 ${say.daily}: ${momentIn(timeZone, fromMs)} – ${momentIn(timeZone, toMs)}`,
    lines: [
      say.dailyCounts(requests, failures, dollars(costNano)),
      `❗️ ${say.mostFailed}`,
      ...ranked(failing.map(({ name, count }) => `${name}: ${count}`)),
      `😅 ${say.slowestDeployments}`,
      ...ranked(slowest.map(({ name, secondsPerToken }) => `${name}: ${secondsPerToken.toFixed(4)} s/token`)),
    ],
  }
}

const about = ({ deployment, provider, model }: About, say: Phrases) =>
  `${say.deployment}: ${deployment} (${provider}/${model})`
const seconds = (ms: number) => `${Math.round(ms / 100) / 10}s`
