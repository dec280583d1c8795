import type { Post } from './post.ts'

/** A message to an incoming webhook of Slack, in Slack's mrkdwn. */
export function slackPost(url: string, text: string): Post {
  return { url, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) }
}

/** Text of others inside a message: what Slack reads as markup is escaped (https://docs.slack.dev/messaging/formatting-message-text). */
export function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
