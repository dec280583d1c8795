/** One line of a CSV file (RFC 4180). Texts that a spreadsheet would take for a formula are told to be texts. */
export function csvLine(values: readonly (string | number | boolean | null)[]): string {
  return `${values.map(cell).join(',')}\r\n`
}

function cell(value: string | number | boolean | null): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  const text = FORMULA.test(value) && !AMOUNT.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const FORMULA = /^[=+\-@\t\r]/
const AMOUNT = /^-?\d+\.\d+$/
const NANO_DIGITS = 9

/** Dollars to the nano, without an exponent and without a float between. */
export function csvDollars(nano: bigint): string {
  const digits = String(nano < 0n ? -nano : nano).padStart(NANO_DIGITS + 1, '0')
  return `${nano < 0n ? '-' : ''}${digits.slice(0, -NANO_DIGITS)}.${digits.slice(-NANO_DIGITS)}`
}
