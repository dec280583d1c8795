import { expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import { requiredVariables } from '../../../src/config/read.ts'

const built = (settings: string) => buildConfig(`model_list: []\n${settings}`, { fileName: 'c.yaml', target: 'dev' })
const observe = (settings: string) => built(settings).config.observe

it('nobody is told where the file names nobody', () => {
  expect(observe('litellm_settings: { success_callback: [] }')).toBeUndefined()
})

it('the lists say of what a sink is told; one in two lists is told of all', () => {
  const file = `litellm_settings:
  callbacks: prometheus
  success_callback: [langfuse, s3]
  failure_callback: [langfuse, slack]
  redact_user_api_key_info: true
  require_auth_for_metrics_endpoint: true`
  expect(observe(file)).toMatchObject({
    sinks: [
      { name: 'prometheus', told: 'all' },
      { name: 'langfuse', told: 'all' },
      { name: 's3_v2', told: 'success' },
      { name: 'slack', told: 'failure' },
    ],
    redactKeyInfo: true,
    metricsNeedKey: true,
  })
})

it('a sink that is not there is named, with what was perhaps meant', () => {
  const { notices } = built('litellm_settings: { callbacks: [langfus] }')
  const [notice] = notices.filter(({ path }) => path.startsWith('litellm_settings.callbacks'))
  expect(notice).toMatchObject({ path: 'litellm_settings.callbacks[0]', level: 'notice' })
  expect(notice!.message).toContain("did you mean 'langfuse'")
})

it('callback_settings says where a variable is read from', () => {
  const file = `litellm_settings: { callbacks: [langfuse] }
callback_settings: { langfuse: { public_key: os.environ/MINE, host: 'https://lf.test', nonsense: 1 } }`
  expect(observe(file)?.settings).toEqual({
    LANGFUSE_PUBLIC_KEY: { env: 'MINE' },
    LANGFUSE_SECRET_KEY: { env: 'LANGFUSE_SECRET_KEY' },
    LANGFUSE_HOST: 'https://lf.test',
  })
  expect([...requiredVariables(built(file).config).keys()]).toEqual(
    expect.arrayContaining(['MINE', 'LANGFUSE_SECRET_KEY']),
  )
  expect(built(file).notices.map(({ path }) => path)).toContain('callback_settings.langfuse.nonsense')
})
