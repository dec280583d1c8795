import * as z from 'zod'
import { type Filter, filter } from '../vectors/filter.ts'

/** How a search is bounded, wherever it is asked for. */
export const searchFields = {
  max_num_results: z.int().min(1).max(50).nullish(),
  filters: filter.nullish(),
  ranking_options: z
    .strictObject({ ranker: z.enum(['none', 'auto']).nullish(), score_threshold: z.number().min(0).max(1).nullish() })
    .nullish(),
}

const MOST = 10

/** The same as the search itself is asked. */
export function boundsOf(said: {
  readonly max_num_results?: number | null | undefined
  readonly filters?: Filter | null | undefined
  readonly ranking_options?: { readonly score_threshold?: number | null | undefined } | null | undefined
}): { readonly most: number; readonly filter?: Filter; readonly atLeast?: number } {
  const { max_num_results: most, filters, ranking_options: ranking } = said
  const threshold = ranking?.score_threshold
  return {
    most: most ?? MOST,
    ...(filters && { filter: filters }),
    ...(threshold != null && { atLeast: threshold }),
  }
}
