import type { spendLog } from '../db/schema.ts'
import { usdFromNano } from '../money.ts'
import { shownTold } from './told.ts'

export type SpendLogRecord = typeof spendLog.$inferSelect

/** A row as LiteLLM's `/spend/logs/v2` shows it: its names, money in dollars. What LiteLLM does not have is in `metadata`. */
export function spendLogsRow(row: SpendLogRecord) {
  const { sessionId, logsMetadata, costBreakdown } = shownTold(row.told)
  return {
    request_id: row.request_id ?? row.id,
    call_type: row.call_type,
    api_key: row.api_key ?? '',
    spend: usdFromNano(row.cost_nano),
    total_tokens: row.total_tokens,
    prompt_tokens: row.prompt_tokens,
    completion_tokens: row.completion_tokens,
    startTime: row.start_time.toISOString(),
    endTime: row.end_time.toISOString(),
    completionStartTime: row.first_token_time?.toISOString() ?? null,
    model: row.model ?? '',
    model_id: row.model_id ?? '',
    model_group: row.model_group ?? '',
    custom_llm_provider: row.custom_llm_provider ?? '',
    api_base: row.api_base ?? '',
    user: row.user ?? '',
    team_id: row.team_id,
    organization_id: row.organization_id,
    end_user: row.end_user ?? '',
    cache_hit: row.cache_hit ? 'True' : 'False',
    cache_key: '',
    request_tags: row.request_tags,
    session_id: sessionId,
    status: row.status,
    messages: {},
    response: {},
    metadata: {
      attempt_id: row.id,
      kind: row.kind,
      user_api_key_alias: row.key_alias,
      usage: row.usage,
      usage_estimated: row.usage_estimated,
      price_version: row.price_version,
      overrun: row.overrun,
      saved_cache_cost: usdFromNano(row.saved_nano),
      cost_breakdown: costBreakdown,
      spend_logs_metadata: logsMetadata,
      dialect: row.dialect,
      stream: row.stream,
      error_information:
        row.error_type === null
          ? null
          : {
              error_code: String(row.http_status ?? ''),
              error_class: row.error_type,
              error_message: row.error_message ?? '',
            },
    },
  }
}

export type SpendLogsRow = ReturnType<typeof spendLogsRow>

export interface SpendLogsPage {
  readonly data: readonly SpendLogsRow[]
  readonly total: number
  readonly page: number
  readonly page_size: number
  readonly total_pages: number
  /** There are more rows than `total`, which is as far as they were counted. */
  readonly total_is_more?: true
}
