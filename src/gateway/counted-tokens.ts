import type { Config } from '../config/config.ts'
import type { WorstCase } from '../operations/chat.ts'
import { completionTokens, promptTokens, totalTokens, type Usage } from '../prices/usage.ts'

/** What limits of tokens a minute count, for everyone: `general_settings.token_rate_limit_type`. */
type General = Pick<Config['general'], 'tokenRateLimitType'>

/** What a request takes of a token limit before it is asked. */
export function tokensTaken({ tokens, outputTokens }: WorstCase, { tokenRateLimitType }: General): number {
  if (tokenRateLimitType === 'output') return outputTokens
  return tokenRateLimitType === 'input' ? tokens - outputTokens : tokens
}

/** What it has used of it in the end. */
export function tokensUsed(usage: Usage, { tokenRateLimitType }: General): number {
  if (tokenRateLimitType === 'output') return completionTokens(usage)
  return tokenRateLimitType === 'input' ? promptTokens(usage) : totalTokens(usage)
}
