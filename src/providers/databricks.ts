import { type Fields, fields, isFields, list, text } from '../dialects/loose-json.ts'
import { openModels } from './open-models.ts'
import { openaiCompatible, urlOf } from './openai-compatible.ts'
import { eachChoice } from './openai-compatible-messages.ts'

const defaults = { apiBaseEnv: 'DATABRICKS_API_BASE', apiKeyEnv: 'DATABRICKS_API_KEY' }

/**
 * Databricks' serving endpoints (docs.databricks.com, foundation model REST API): below a workspace's `/serving-endpoints`,
 * and a model that thinks answers with a list of parts, of which some are thoughts.
 */
export const databricks = openaiCompatible(defaults, {
  ...openModels,
  knows: [...openModels.knows, 'thinking'],
  url: ({ apiBase = '', model }) => {
    const base = apiBase.replace(/\/+$/, '')
    return urlOf(
      /\/serving-endpoints(?:\/|$)/.test(base) ? base : `${base}/serving-endpoints`,
      model,
      '/chat/completions',
    )
  },
  plain: (answer) => eachChoice(answer, (choice) => withPlain(choice, isFields(choice.message) ? 'message' : 'delta')),
})

function withPlain(choice: Fields, place: 'message' | 'delta'): Fields {
  const said = fields(choice[place])
  if (!Array.isArray(said.content)) return choice
  const parts = said.content.map(fields)
  const content = parts.map((part) => (part.type === 'text' ? (text(part.text) ?? '') : '')).join('')
  const thought = parts
    .flatMap((part) => (part.type === 'reasoning' ? list(part.summary).map(fields) : []))
    .map((summary) => text(summary.text) ?? '')
    .join('')
  return { ...choice, [place]: { ...said, content, ...(thought !== '' && { reasoning_content: thought }) } }
}
