import { readFile } from 'node:fs/promises'
import { parse } from 'smol-toml'
import * as z from 'zod'
import type { Check } from './check.ts'

/** A runtime starts with dates up to a week after its own. The tests' runtime is the one we pin. */
const RUNTIME = 'node_modules/workerd/package.json'
const DAYS_AHEAD = 7

export const compatibilityDate: Check = {
  name: 'compatibility date',
  find: async () => {
    const { compatibility_date: date } = z
      .object({ compatibility_date: z.iso.date() })
      .parse(parse(await readFile('wrangler.toml', 'utf8')))
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(RUNTIME, 'utf8')))
    const latest = latestDate(version)
    if (date <= latest) return []
    return [`wrangler.toml: compatibility_date ${date} is newer than workerd ${version} knows: use ${latest} or older.`]
  },
}

/** `1.20261102.1` → `2026-11-09`. */
export function latestDate(workerdVersion: string): string {
  const [, year, month, day] = /^\d+\.(\d{4})(\d{2})(\d{2})\./.exec(workerdVersion) ?? []
  if (!year || !month || !day) throw new Error(`workerd ${workerdVersion} does not carry its date as 1.YYYYMMDD.N`)
  return new Date(Date.UTC(Number(year), Number(month) - 1, Number(day) + DAYS_AHEAD)).toISOString().slice(0, 10)
}
