import type { Judgeable, PassedOver } from './eligible.ts'
import type { Needs } from './needs.ts'

/**
 * LiteLLM's tag routing. A request with tags goes to deployments that have any of them (or all, with
 * `tag_filtering_match_any: false`), or whose `tag_regex` fits its `User-Agent`; if there are none, to those tagged
 * `default`. A request without tags goes to those whose `tag_regex` fits, else to those tagged `default`, and where
 * nobody is, to all.
 */
export function tagsBar<T extends Judgeable>(
  candidates: readonly T[],
  { tags = [], userAgent }: Needs,
  { matchAny }: { readonly matchAny: boolean },
): { readonly fit: readonly T[]; readonly barred: readonly PassedOver[] } {
  const line = userAgent === undefined ? undefined : `User-Agent: ${userAgent.slice(0, LONGEST_USER_AGENT)}`
  const matching = candidates.filter(
    ({ deployment }) => hasTags(deployment.tags, tags, matchAny) || fitsLine(deployment.tagRegex, line),
  )
  const fit =
    matching.length > 0 ? matching : candidates.filter(({ deployment }) => deployment.tags?.includes('default'))
  if (fit.length === candidates.length || (fit.length === 0 && tags.length === 0))
    return { fit: candidates, barred: [] }
  const asked = tags.length === 0 ? 'the request has no tags' : `the request has the tags ${tags.join(', ')}`
  const barred = candidates
    .filter((candidate) => !fit.includes(candidate))
    .map(({ deployment }): PassedOver => {
      const own = deployment.tags?.length ? `its tags are ${deployment.tags.join(', ')}` : 'it has no tags'
      return { deployment, bar: 'tags', why: `${own}, ${asked}` }
    })
  return { fit, barred }
}

/** A header is the caller's to choose, and an expression may take its time over a long one. */
const LONGEST_USER_AGENT = 256

function hasTags(own: readonly string[] = [], asked: readonly string[], matchAny: boolean): boolean {
  if (asked.length === 0) return false
  return matchAny ? asked.some((tag) => own.includes(tag)) : asked.every((tag) => own.includes(tag))
}

function fitsLine(sources: readonly string[] = [], line: string | undefined): boolean {
  return line !== undefined && sources.some((source) => expressionOf(source)?.test(line) === true)
}

/** They come from the file, so there are few. One that cannot be read fits nothing. */
const expressions = new Map<string, RegExp | undefined>()

function expressionOf(source: string): RegExp | undefined {
  if (!expressions.has(source)) expressions.set(source, compiled(source))
  return expressions.get(source)
}

function compiled(source: string): RegExp | undefined {
  try {
    return new RegExp(source)
  } catch {
    return undefined
  }
}
