import * as z from 'zod'

const DATE = /^\d{4}-\d{2}-\d{2}$/
const MOMENT = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})Z?$/
const DAY_MS = 86_400_000

/** `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`, UTC; undefined for anything else, and for days that are not in the calendar. */
function momentOf(text: string): number | undefined {
  const iso = DATE.test(text) ? `${text}T00:00:00Z` : text.replace(MOMENT, '$1T$2Z')
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(iso)) return undefined
  const ms = Date.parse(iso)
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== iso.slice(0, 10) ? undefined : ms
}

const moment = (endOfDay: boolean) =>
  z.string().transform((text, context) => {
    const ms = momentOf(text)
    if (ms === undefined) {
      context.issues.push({
        code: 'custom',
        input: text,
        message: 'must be a UTC date as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS',
      })
      return z.NEVER
    }
    if (!endOfDay) return ms
    return DATE.test(text) ? ms + DAY_MS - 1 : ms + 999
  })

const text = z.string().min(1).max(1_000).optional()

/** The query of `GET /spend/logs/v2`. An end given as a date means all of that day. */
export const spendLogsQuery = z.object({
  start_date: moment(false),
  end_date: moment(true),
  api_key: text,
  user_id: text,
  request_id: text,
  team_id: text,
  min_spend: z.coerce.number().min(0).max(1e6).optional(),
  max_spend: z.coerce.number().min(0).max(1e6).optional(),
  status_filter: z.enum(['success', 'failure', 'cancelled']).optional(),
  model: text,
  key_alias: text,
  end_user: text,
  error_code: text,
  error_message: text,
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  page_size: z.coerce.number().int().min(1).max(100).default(50),
})

export type SpendLogsQuery = z.infer<typeof spendLogsQuery>
