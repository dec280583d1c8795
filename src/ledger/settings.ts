import * as z from 'zod'
import { type LedgerSettings, ledgerDefaults } from '../config/config.ts'

const ms = z.int().positive()
const schema = z.strictObject({
  grantLifeMs: ms,
  skewMs: z.int().nonnegative(),
  horizonMs: ms,
  exchangeTimeoutMs: ms,
  sliceAheadMs: z.int().nonnegative(),
  idleReturnMs: ms,
  budgetWaitMs: z.int().nonnegative(),
}) satisfies z.ZodType<LedgerSettings>

/** The variable `LEDGER_SETTINGS`: some of the ledger's times as JSON, the others as the file has them. */
export function ledgerSettingsFrom(text: string | undefined, file: LedgerSettings = ledgerDefaults): LedgerSettings {
  if (!text) return file
  const given = z.safeParse(schema.partial(), parsed(text))
  if (given.success) return schema.parse({ ...file, ...given.data })
  throw new Error(`LEDGER_SETTINGS is not what a ledger expects:\n${z.prettifyError(given.error)}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('LEDGER_SETTINGS must be JSON, such as {"horizonMs": 20000}.')
  }
}
