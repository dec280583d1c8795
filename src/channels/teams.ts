import type { Post } from './post.ts'

/** A message to a Microsoft Teams workflow ("When a Teams webhook request is received"), as an adaptive card. */
export function teamsPost(url: string, title: string, text: string): Post {
  const block = (words: string, more: object = {}) => ({ type: 'TextBlock', text: words, wrap: true, ...more })
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [block(title, { weight: 'bolder', size: 'medium' }), block(text)],
  }
  const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', content }]
  return {
    url,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'message', attachments }),
  }
}
