import type { Text } from './config.ts'

/** LiteLLM's names of alerts, and one of ours (`dead_deliveries`). */
export const alertTypes = [
  'budget_alerts',
  'spend_reports',
  'daily_reports',
  'db_exceptions',
  'outage_alerts',
  'region_outage_alerts',
  'cooldown_deployment',
  'llm_too_slow',
  'llm_requests_hanging',
  'llm_exceptions',
  'failed_tracking_spend',
  'dead_deliveries',
  'fallback_reports',
  'new_model_added',
  'new_virtual_key_created',
  'virtual_key_updated',
  'virtual_key_deleted',
  'new_team_created',
  'team_updated',
  'team_deleted',
  'new_internal_user_created',
  'internal_user_updated',
  'internal_user_deleted',
] as const
export type AlertType = (typeof alertTypes)[number]

export const channelNames = ['slack', 'teams', 'discord', 'webhook', 'pagerduty', 'email'] as const
export type ChannelName = (typeof channelNames)[number]

/** One address that is told. */
export interface Receiver {
  readonly channel: ChannelName
  /** A webhook's address, PagerDuty's routing key, or the key of the mail service. */
  readonly to: Text
  readonly types: readonly AlertType[]
}

/** Who is told what, when; everything the file says of alerts. */
export interface AlertSettings {
  /** Pending alerts name their receiver by its place here. */
  readonly receivers: readonly Receiver[]
  /** Percent of a budget, ascending. */
  readonly thresholds: readonly number[]
  readonly language: 'en' | 'vi'
  /** Above it a request is slow, and one that has not ended hangs. */
  readonly slowMs: number
  readonly minorErrors: number
  readonly majorErrors: number
  /** How often every budget is looked at, beside those that moved. */
  readonly checkMs: number
  readonly dailyReportMs: number
  readonly spendReportDays: number
  /** Of alerts that wait for others of their type to be told in one message. */
  readonly digestMs: Readonly<Partial<Record<AlertType, number>>>
  /** IANA, of dates in messages and of the months that are reported. */
  readonly timeZone: string
  readonly mail?: {
    readonly service: 'resend' | 'sendgrid'
    readonly from: Text
    readonly to: Text
    readonly url?: Text
  }
  /** Where PagerDuty's events go, if not to PagerDuty itself. */
  readonly pagerdutyUrl: Text
  /** `PROXY_BASE_URL`: told at the end of messages where it is set. */
  readonly proxyUrl: Text
}
