import { type Fields, text } from '../dialects/loose-json.ts'
import { headersFor, openaiCompatible, urlOf } from './openai-compatible.ts'

/**
 * Snowflake Cortex' chats (docs.snowflake.com, Cortex REST API): below the account's `/api/v2/cortex/v1`, the maximum by
 * its newer name only, and refusals that stand bare. A key of the form `pat/TOKEN`, as LiteLLM has them, is a programmatic
 * access token; what other tokens are, Snowflake sees by itself.
 */
export const snowflake = openaiCompatible(
  { apiBaseEnv: 'SNOWFLAKE_API_BASE', apiKeyEnv: 'SNOWFLAKE_JWT' },
  {
    url: ({ apiBase, model }) => urlOf(apiBase && cortex(apiBase), model, '/chat/completions'),
    headers: ({ apiKey, ...target }) => {
      const token = apiKey?.startsWith(PAT) ? apiKey.slice(PAT.length) : undefined
      if (token === undefined) return headersFor({ ...target, ...(apiKey !== undefined && { apiKey }) })
      return { 'x-snowflake-authorization-token-type': PAT_TYPE, ...headersFor({ ...target, apiKey: token }) }
    },
    body: ({ max_tokens, ...body }) => ({
      ...body,
      ...(max_tokens !== undefined &&
        body.max_completion_tokens === undefined && { max_completion_tokens: max_tokens }),
    }),
    refusal,
  },
)

const PAT = 'pat/'
const PAT_TYPE = 'PROGRAMMATIC_ACCESS_TOKEN'

/** An address of the account, or of any part of its API that LiteLLM's files name. */
function cortex(apiBase: string): string {
  const account = apiBase
    .replace(/\/+$/, '')
    .replace(/(?:\/api\/v2)?(?:\/cortex(?:\/v1|\/inference:complete)?)?(?:\/chat\/completions)?$/, '')
  return `${account}/api/v2/cortex/v1`
}

/** Snowflake's words for what OpenAI has codes for; its 400 stands for all of them. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/max tokens of \d+ exceeded/i, 'context_length_exceeded'],
  [/throttled by remote service/i, 'rate_limit_exceeded'],
  [/unknown model/i, 'model_not_found'],
]

function refusal(body: Fields): Fields {
  const message = text(body.message) ?? ''
  const code = SAID.find(([words]) => words.test(message))?.[1]
  return code === undefined ? body : { ...body, code }
}
