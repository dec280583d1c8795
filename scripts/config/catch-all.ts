import type { ModelRow } from '../../src/models/row/model-list.ts'
import { familyPatterns } from '../../src/models/row/vendors.ts'

export interface Standing {
  readonly row: ModelRow
  /** The vendor that a catch-all stands for here; undefined for a row that is itself. */
  readonly vendor?: string
}

/**
 * `model: "*"` without a vendor stands for every vendor: `openai/*`, `anthropic/*` and so on, and for the well-known names
 * that need no vendor before them. A name that another row has is not added to.
 */
export function standingFor(
  row: ModelRow,
  vendors: readonly string[],
  taken: ReadonlySet<string>,
): readonly Standing[] {
  const { model, custom_llm_provider: named } = row.litellm_params
  if (model !== '*' || named !== undefined) return [{ row }]
  const patterns = [
    ...vendors.map((vendor) => [`${vendor}/*`, vendor] as const),
    ...familyPatterns.filter(([, vendor]) => vendors.includes(vendor)),
  ]
  return patterns.flatMap(([pattern, vendor]) => {
    const group = row.model_name.replace(/\*(?=[^*]*$)/, pattern)
    if (!row.model_name.includes('*') || taken.has(group)) return []
    const stars = pattern.startsWith(`${vendor}/`) ? '*' : pattern
    return [
      {
        row: { ...row, model_name: group, litellm_params: { ...row.litellm_params, model: `${vendor}/${stars}` } },
        vendor,
      },
    ]
  })
}

/** What a catch-all may not say, because every vendor would be sent it. */
export const forOneVendor = ['api_key', 'api_base', 'base_url', 'extra_headers', 'organization'] as const
