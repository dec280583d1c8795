export interface Count {
  created: number
  updated: number
  same: number
}

/** What an import did, or would do. Names rows by id or hash, never by what is secret. */
export interface Report {
  readonly counts: Record<string, Count>
  /** Changed or deleted here since: left as it is. */
  readonly kept: string[]
  readonly refused: string[]
  /** What has no place here, how often, and why. */
  readonly without: Record<string, number>
}

export const emptyReport = (): Report => ({ counts: {}, kept: [], refused: [], without: {} })

export function counted(report: Report, kind: string, how: keyof Count): void {
  const count = report.counts[kind] ?? { created: 0, updated: 0, same: 0 }
  report.counts[kind] = { ...count, [how]: count[how] + 1 }
}

export function printed({ counts, kept, refused, without }: Report): string {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
  return [
    'kind           created  updated  unchanged',
    ...Object.entries(counts).map(
      ([kind, { created, updated, same }]) =>
        `${kind.padEnd(14)} ${String(created).padStart(7)} ${String(updated).padStart(8)} ${String(same).padStart(10)}`,
    ),
    ...section('Changed or deleted here, left as it is:', kept),
    ...section('Refused:', refused),
    ...section(
      'Without a place here:',
      Object.entries(without).map(([what, rows]) => `${rows} × ${what}`),
    ),
  ].join('\n')
}
