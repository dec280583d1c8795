import { expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'

function alertsOf(yaml: string) {
  const file = `model_list: []\ngeneral_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY\n${yaml}`
  const { config, notices } = buildConfig(file, { fileName: 'test.yaml', target: 'dev' })
  expect(notices.filter(({ level }) => level === 'error')).toEqual([])
  return config.alerts!
}
const told = ({ receivers }: ReturnType<typeof alertsOf>) =>
  receivers.map(({ channel, to, types }) => [channel, JSON.stringify(to).replaceAll(/[{}"]/g, ''), types.join()])

it('a channel and a type may have one address or several; a type with its own is told nowhere else', () => {
  const settings = alertsOf(`  alerting: [slack, webhook]
  alert_types: [budget_alerts, db_exceptions, outage_alerts]
  alert_to_webhook_url:
    slack: ['https://hooks.example.com/a', os.environ/SECOND]
    webhook: 'https://hook.example.com/w'
    budget_alerts: ['https://hooks.example.com/money', 'https://hooks.example.com/finance']
    db_exceptions: 'https://hooks.example.com/db'`)
  expect(told(settings)).toEqual([
    ['slack', 'https://hooks.example.com/a', 'outage_alerts'],
    ['slack', 'env:SECOND', 'outage_alerts'],
    ['webhook', 'https://hook.example.com/w', 'budget_alerts,db_exceptions,outage_alerts'],
    ['slack', 'https://hooks.example.com/money', 'budget_alerts'],
    ['slack', 'https://hooks.example.com/finance', 'budget_alerts'],
    ['slack', 'https://hooks.example.com/db', 'db_exceptions'],
  ])
})

it('thresholds, language, cadence and digests are what the file says, and LiteLLM’s where it says nothing', () => {
  expect(alertsOf('  alerting: [slack]')).toMatchObject({
    thresholds: [70, 80, 85, 95, 100],
    language: 'en',
    slowMs: 300_000,
    minorErrors: 5,
    majorErrors: 10,
    dailyReportMs: 43_200_000,
    spendReportDays: 7,
  })
  const settings = alertsOf(`  alerting: [slack]
  alerting_threshold: 60
  spend_report_frequency: 1d
  alerting_args: { language: vi, budget_thresholds: [90, 50], minor_outage_alert_threshold: 2, daily_report_frequency: 3600 }
  alert_type_config: { outage_alerts: { digest: true, digest_interval: 600 }, llm_exceptions: { digest: false } }`)
  expect(settings).toMatchObject({
    thresholds: [50, 90],
    language: 'vi',
    slowMs: 60_000,
    minorErrors: 2,
    dailyReportMs: 3_600_000,
    spendReportDays: 1,
    digestMs: { outage_alerts: 600_000 },
  })
  expect(settings.digestMs.llm_exceptions ?? 0).toBe(0)
  // Changes are told to nobody who has not asked for them.
  expect(settings.receivers[0]?.types).not.toContain('virtual_key_updated')
})
