import { expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'

const built = (period: string) =>
  buildConfig(
    `model_list: []\ngeneral_settings: { master_key: os.environ/LITELLM_MASTER_KEY, maximum_spend_logs_retention_period: ${period} }`,
    { fileName: 'test.yaml', target: 'dev' },
  )

it('the spend log is kept as long as the file says, and no shorter than late copies may come', () => {
  expect(built('15d').config.general.spendLogsMs).toBe(15 * 86_400_000)
  expect(() => {
    const { notices } = built('14d')
    if (notices.some(({ level }) => level === 'error')) throw new Error(notices.map(({ message }) => message).join())
  }).toThrow(/15 days/)
})
