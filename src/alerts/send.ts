import { post } from '../channels/post.ts'
import type { AlertSettings, Receiver } from '../config/alerts.ts'
import type { Text } from '../config/config.ts'
import type { Facts } from './alert.ts'
import { type Message, messagesOf, type Read } from './message.ts'
import type { AlertBook, Claimed, Letter } from './port.ts'

export interface SendDeps {
  readonly settings: AlertSettings
  readonly book: AlertBook
  readonly fetch: typeof fetch
  readonly text: (value: Text) => string | undefined
  readonly failed: (name: string, error: unknown) => void
}

const CLAIM_MS = 300_000
const MOST = 100
const MOST_TRIES = 200
const LONGEST_PAUSE_MS = 900_000

/** The receiver's name in letters. */
export const receiverName = ({ channel }: Receiver, index: number) => `${channel}:${index}`

/**
 * Sends what is due. A letter is marked when its receiver has taken it, so a death in between repeats it rather than
 * losing it. A receiver that fails is left alone, with growing pauses; the others are told.
 */
export async function sendDue(deps: SendDeps, nowMs: number): Promise<number> {
  let told = 0
  for (;;) {
    const claimed = await deps.book.claim(nowMs, nowMs + CLAIM_MS, MOST)
    const byReceiver = Map.groupBy(claimed, ({ receiver }) => receiver)
    const counts = await Promise.all([...byReceiver].map(([name, letters]) => sendTo(name, letters, deps, nowMs)))
    told += counts.reduce((sum, count) => sum + count, 0)
    if (claimed.length < MOST) return told
  }
}

async function sendTo(name: string, letters: readonly Claimed[], deps: SendDeps, nowMs: number): Promise<number> {
  const { settings, book, failed } = deps
  const receiver = settings.receivers.find((one, index) => receiverName(one, index) === name)
  if (!receiver) {
    failed('alert', new Error(`${letters.length} alerts are for ${name}, which is no longer in alerting`))
    await book.sent(letters, nowMs)
    return 0
  }
  let waiting = letters
  try {
    for (const message of messagesFor(receiver, letters, deps, nowMs)) {
      await post(deps.fetch, message.post)
      await book.sent(message.letters, nowMs)
      waiting = waiting.filter((letter) => !message.letters.includes(letter))
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    failed(`alerts to ${name}`, reason)
    const hopeless = waiting.filter(({ attempts }) => attempts >= MOST_TRIES)
    await book.sent(hopeless, nowMs)
    const others = waiting.filter(({ attempts }) => attempts < MOST_TRIES)
    const tries = Math.min(...others.map(({ attempts }) => attempts), 10)
    await book.failed(others, reason, nowMs + Math.min(LONGEST_PAUSE_MS, 15_000 * 2 ** (tries - 1)))
  }
  return letters.length - waiting.length
}

function messagesFor<L extends Letter>(
  receiver: Receiver,
  letters: readonly L[],
  { settings, text }: SendDeps,
  nowMs: number,
): readonly Message<L>[] {
  const { mail, pagerdutyUrl, proxyUrl } = settings
  const values = { to: receiver.to, mailFrom: mail?.from, mailTo: mail?.to, mailUrl: mail?.url, pagerdutyUrl, proxyUrl }
  const read: Read = (name) => {
    const value = values[name]
    return value === undefined ? undefined : text(value)
  }
  return messagesOf(letters, receiver, settings, read, nowMs)
}

export interface Tried {
  readonly receiver: string
  readonly ok: boolean
  readonly error?: string
}

/** Tells receivers at once, past the book: for a test, and for when the book itself cannot be reached. */
export function sendNow(
  receivers: readonly (readonly [string, Receiver])[],
  { id, type, facts }: Pick<Letter, 'id' | 'type'> & { readonly facts: Facts },
  deps: SendDeps,
  nowMs: number,
): Promise<readonly Tried[]> {
  return Promise.all(
    receivers.map(async ([name, receiver]): Promise<Tried> => {
      try {
        const letter = { id, receiver: name, type, facts, dueMs: nowMs }
        for (const message of messagesFor(receiver, [letter], deps, nowMs)) await post(deps.fetch, message.post)
        return { receiver: name, ok: true }
      } catch (error) {
        return { receiver: name, ok: false, error: error instanceof Error ? error.message : String(error) }
      }
    }),
  )
}
