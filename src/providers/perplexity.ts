import { type Fields, fields, list, number, text } from '../dialects/loose-json.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { eachChoice, withSources } from './openai-compatible-messages.ts'

/**
 * Perplexity names its sources beside the answer, again in every event, and counts what its deep research thought and read
 * beside prompt and completion; what it read is billed like the prompt.
 *
 * Perplexity itself supported these chats until 27 September 2026 (docs.perplexity.ai, Sonar's quickstart; since
 * then danielmiessler/Fabric 2276 saw them refused). Its Agent API is OpenAI's Responses at `/v1/responses` and is asked as
 * such; this is for addresses that have the chats still.
 */
export const perplexity = openaiCompatible(
  {
    apiBase: 'https://api.perplexity.ai',
    apiBaseEnv: 'PERPLEXITY_API_BASE',
    apiKeyEnv: 'PERPLEXITYAI_API_KEY',
  },
  {
    knows: ['top_k'],
    lacks: ['tools', 'tool_choice', 'parallel_tool_calls', 'logit_bias', 'n', 'seed', 'audio', 'prediction'],
    ignores: ['user', 'safety_identifier', 'store', 'stream_options'],
    counts: (usage) => {
      const reasoning = number(usage.reasoning_tokens)
      const read = number(usage.citation_tokens) ?? 0
      const prompt = number(usage.prompt_tokens)
      return {
        ...usage,
        ...(prompt !== undefined && { prompt_tokens: prompt + read }),
        ...(reasoning !== undefined && {
          completion_tokens: (number(usage.completion_tokens) ?? 0) + reasoning,
          completion_tokens_details: { reasoning_tokens: reasoning },
        }),
      }
    },
    plain: (answer) => withSources(eachChoice(answer, onlyDelta), sourcesIn(answer)),
  },
)

function sourcesIn({ search_results, citations }: Fields): Fields[] {
  const found = list(search_results)
    .map(fields)
    .flatMap(({ url, title }) => (text(url) === undefined ? [] : [{ url, title: text(title) ?? url }]))
  if (found.length > 0) return found
  return list(citations).flatMap((url) => (text(url) === undefined ? [] : [{ url, title: url }]))
}

/** Its streams repeat the whole message so far beside every delta. */
function onlyDelta(choice: Fields): Fields {
  if (choice.delta === undefined) return choice
  const { message: _, ...rest } = choice
  return rest
}
