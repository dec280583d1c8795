import { closest } from 'fastest-levenshtein'

/** The known name that looks most like this one: what a person who mistyped probably meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  return known.length === 0 ? undefined : closest(name, known as string[])
}
