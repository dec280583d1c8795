import { type Fields, fields, list } from '../dialects/loose-json.ts'
import type { Ranking } from '../dialects/rerank.ts'
import { GatewayError } from '../errors.ts'

/** As a vendor says one result. */
interface Ranked {
  readonly index: number | undefined
  readonly score: number | undefined
}

/** A vendor's results, each read by `read`. One about a document that nobody sent makes all of them a failure. */
export function rankedBy(results: unknown, read: (one: Fields) => Ranked, documents: number): Ranking['results'] {
  const all = list(results).map((one) => read(fields(one)))
  const known = all.flatMap(({ index, score }) =>
    index === undefined || score === undefined || index >= documents ? [] : [{ index, score }],
  )
  if (known.length > 0 && known.length === all.length) return known
  throw new GatewayError('upstream_failed', 'The provider answered with no ranking of these documents.')
}
