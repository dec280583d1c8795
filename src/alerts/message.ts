import { discordPost } from '../channels/discord.ts'
import { resendPost, sendgridPost } from '../channels/email.ts'
import { pagerdutyPost } from '../channels/pagerduty.ts'
import type { Post } from '../channels/post.ts'
import { slackPost, slackText } from '../channels/slack.ts'
import { teamsPost } from '../channels/teams.ts'
import type { AlertSettings, Receiver } from '../config/alerts.ts'
import { type Facts, levelOf } from './alert.ts'
import type { Letter } from './port.ts'
import { webhookBody } from './webhook-body.ts'
import { type Words, wordsOf } from './words.ts'

/** A message for one receiver, and the letters that it carries. */
export interface Message<L extends Letter = Letter> {
  readonly letters: readonly L[]
  readonly post: Post
}

/** How the receiver's own text reads. */
export type Read = (name: 'to' | 'mailFrom' | 'mailTo' | 'mailUrl' | 'pagerdutyUrl' | 'proxyUrl') => string | undefined

/** Below what each takes: Slack 40,000 characters, Discord 2,000, a card of Teams 28 KB. */
const MOST_CHARS = { slack: 12_000, discord: 1_900, teams: 8_000, email: 100_000 } as const
type Written = keyof typeof MOST_CHARS

/**
 * Letters as messages: several that wait for one receiver share a message as far as they fit, each with its whole body,
 * and only those that say the same are told once with their count. What PagerDuty and webhooks take is one for each.
 */
export function messagesOf<L extends Letter>(
  letters: readonly L[],
  { channel }: Pick<Receiver, 'channel'>,
  settings: AlertSettings,
  read: Read,
  nowMs: number,
): readonly Message<L>[] {
  const to = read('to')
  if (to === undefined) throw new Error(`the address of ${channel} is not set`)
  if (channel === 'pagerduty')
    return letters.map((letter) => ({ letters: [letter], post: incident(letter, to, settings, read, nowMs) }))
  if (channel === 'webhook')
    return letters.map((letter) => ({ letters: [letter], post: hook(letter, to, settings, nowMs) }))
  const form = channel === 'email' ? channel : formOf(channel, to)
  return packed(letters, settings, MOST_CHARS[form]).map(({ letters, words }) => {
    const tail = read('proxyUrl')
    const all = tail === undefined ? words : [...words.slice(0, -1), withLine(words.at(-1), `Proxy URL: ${tail}`)]
    return { letters, post: postOf(form, to, all, { settings, read, id: mailId(letters) }) }
  })
}

/**
 * The same when these letters are tried again, and another when others have joined them: a mail service refuses an id that
 * it knows with another body. Header text, whatever names the ids hold.
 */
function mailId(letters: readonly Letter[]): string {
  const ends = [letters[0], letters.at(-1)].map((letter) => encodeURIComponent(letter?.id ?? '').slice(-100))
  return [letters.length, ...ends].join('.')
}

/** Addresses tell their channel: LiteLLM's `slack` is also used for Teams and for Discord. */
function formOf(channel: 'slack' | 'teams' | 'discord', url: string): Exclude<Written, 'email'> {
  const host = URL.canParse(url) ? new URL(url) : undefined
  if (channel !== 'slack' || !host) return channel
  if (/(^|\.)discord(app)?\.com$/.test(host.hostname)) return host.pathname.endsWith('/slack') ? 'slack' : 'discord'
  return /\.(webhook\.office|logic\.azure|powerplatform)\.com$/.test(host.hostname) ? 'teams' : 'slack'
}

function packed<L extends Letter>(letters: readonly L[], settings: AlertSettings, mostChars: number) {
  const same = new Map<string, { letters: L[]; words: Words }>()
  for (const letter of letters) {
    const words = wordsOf(letter.facts, settings)
    const key = JSON.stringify(words)
    const known = same.get(key)
    if (known) known.letters.push(letter)
    else same.set(key, { letters: [letter], words })
  }
  const messages: { letters: L[]; words: Words[]; chars: number }[] = []
  for (const { letters: those, words } of same.values()) {
    const told = fitting(those.length > 1 ? { ...words, title: `${words.title} (×${those.length})` } : words, mostChars)
    const chars = textOf(told).length + 2
    const last = messages.at(-1)
    if (last && last.chars + chars <= mostChars) {
      last.letters.push(...those)
      last.words.push(told)
      last.chars += chars
    } else messages.push({ letters: [...those], words: [told], chars })
  }
  return messages
}

/** A body longer than a message says how much of it is missing. */
function fitting(words: Words, mostChars: number): Words {
  let lines = words.lines
  const room = mostChars - words.title.length - 40
  while (lines.length > 1 && lines.join('\n').length > room) lines = lines.slice(0, -1)
  const left = words.lines.length - lines.length
  return {
    title: words.title,
    lines: [...lines.map((line) => line.slice(0, room)), ...(left > 0 ? [`… ${left} more lines`] : [])],
  }
}

const textOf = ({ title, lines }: Words, bold = (text: string) => text) => [bold(title), ...lines].join('\n')

const withLine = (words: Words | undefined, line: string): Words => ({
  title: words?.title ?? '',
  lines: [...(words?.lines ?? []), line],
})

function postOf(
  form: Written,
  to: string,
  all: readonly Words[],
  { settings, read, id }: { settings: AlertSettings; read: Read; id: string },
): Post {
  const [first] = all
  const plain = all.map((words) => textOf(words)).join('\n\n')
  const starred = (mark: string) => all.map((words) => textOf(words, (title) => `${mark}${title}${mark}`)).join('\n\n')
  switch (form) {
    case 'slack':
      return slackPost(to, slackText(starred('*')))
    case 'discord':
      return discordPost(to, starred('**'))
    case 'teams': {
      const [, ...others] = all
      const text = [...(first?.lines ?? []), ...others.flatMap((words) => ['', `**${words.title}**`, ...words.lines])]
      return teamsPost(to, first?.title ?? '', text.join('\n\n'))
    }
    case 'email': {
      const { service } = settings.mail ?? {}
      const subject = all.length === 1 ? (first?.title ?? '') : `${first?.title ?? ''} (+${all.length - 1})`
      const mail = { from: read('mailFrom') ?? '', to: read('mailTo') ?? '', subject, text: plain }
      const url = read('mailUrl')
      if (mail.from === '' || mail.to === '') throw new Error('alerting_args.email_from and email_to are not set')
      return service === 'sendgrid' ? sendgridPost(to, mail, url) : resendPost(to, mail, id, url)
    }
  }
}

function incident(
  { id, type, facts }: Letter,
  routingKey: string,
  settings: AlertSettings,
  read: Read,
  nowMs: number,
): Post {
  const { title, lines } = wordsOf(facts, settings)
  const isOver = 'level' in facts && facts.level === 'resolved'
  return pagerdutyPost(
    {
      routingKey,
      action: isOver ? 'resolve' : 'trigger',
      dedupKey: incidentKey(id, facts),
      summary: [title, ...lines].join(' · '),
      source: 'tollgate',
      severity: { low: 'info', medium: 'warning', high: 'critical' }[levelOf(facts)] as 'info' | 'warning' | 'critical',
      atMs: nowMs,
      component: type,
      details: { ...facts },
    },
    read('pagerdutyUrl'),
  )
}

/** An outage is one incident from its beginning to its end. */
function incidentKey(id: string, facts: Facts): string {
  return facts.kind === 'outage' || facts.kind === 'region' ? id.replace(/:(minor|major|resolved)$/, '') : id
}

function hook(letter: Letter, url: string, settings: AlertSettings, nowMs: number): Post {
  const { title, lines } = wordsOf(letter.facts, settings)
  const body = webhookBody(letter, [title, ...lines].join('\n'), nowMs)
  return {
    url,
    headers: { 'content-type': 'application/json', 'x-tollgate-alert': encodeURIComponent(letter.id) },
    body: JSON.stringify(body),
  }
}
