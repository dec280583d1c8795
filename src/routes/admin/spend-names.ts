import type { SpendGroup, SpendKind } from '../../spend/report.ts'
import type { AppDeps } from '../deps.ts'

/** Names for ids: the alias where there is one. */
export async function calledBy(kind: SpendKind, groups: readonly SpendGroup[], { spendReport }: AppDeps) {
  const aliases = await spendReport.aliases(kind, [...new Set(groups.map(({ entity }) => entity))])
  return (id: string) => aliases.get(id) ?? id
}
