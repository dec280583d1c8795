import type { Post } from './post.ts'

const LONGEST = 2_000

/** A message to a webhook of Discord; nobody is mentioned by what it quotes. */
export function discordPost(url: string, text: string): Post {
  const body = { content: text.slice(0, LONGEST), allowed_mentions: { parse: [] } }
  return { url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
