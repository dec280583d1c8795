import { distance } from 'fastest-levenshtein'
import type { Config } from '../config/config.ts'

/** Names longer than this are compared by their beginning. */
const COMPARED = 100

/**
 * The names that look most like one that does not exist, nearest first: groups and aliases of the file, restricted to
 * those that `allowed` says the caller may see. None that has little in common.
 */
export function nearestModels(
  asked: string,
  { deployments, router }: Config,
  allowed: (name: string) => boolean,
  most = 3,
): readonly string[] {
  const hidden = new Set(router.hiddenAliases)
  const open = deployments.filter(({ teamId }) => teamId === undefined).map(({ group }) => group)
  const aliases = Object.keys(router.modelGroupAlias).filter((name) => !hidden.has(name))
  const name = asked.slice(0, COMPARED).toLowerCase()
  return [...new Set([...open, ...aliases])]
    .filter(allowed)
    .map((known) => ({ known, far: distance(name, known.slice(0, COMPARED).toLowerCase()) }))
    .filter(({ known, far }) => 3 * far < 2 * Math.max(name.length, known.length))
    .sort((a, b) => a.far - b.far)
    .slice(0, most)
    .map(({ known }) => known)
}
