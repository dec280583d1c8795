import { describe, expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import { requiredVariables } from '../../../src/config/read.ts'

const built = (text: string) => buildConfig(text, { fileName: 'test.yaml', target: 'deploy' })

describe('what a file passes on', () => {
  it('is read with its variables, methods and price', () => {
    const { config, notices } = built(`
general_settings:
  pass_through_request_timeout: 60
  pass_through_endpoints:
    - path: /own
      target: https://api.vendor.test/v1
      headers: { Authorization: "bearer os.environ/OWN_KEY", X-Team: ours }
      include_subpath: true
      methods: [get, POST]
      cost_per_request: 0.002
    - { path: /openai/v1/fine_tuning/jobs, cost_per_request: 2 }
files_settings:
  - { custom_llm_provider: azure, api_base: os.environ/AZURE_BATCH_BASE, api_key: os.environ/AZURE_BATCH_KEY }
`)
    expect(config.passThrough).toEqual({
      endpoints: [
        {
          path: '/own',
          target: 'https://api.vendor.test/v1',
          headers: { authorization: ['bearer ', { env: 'OWN_KEY' }], 'x-team': ['ours'] },
          query: {},
          subpaths: true,
          methods: ['GET', 'POST'],
          pricePico: 2_000_000_000,
          timeoutMs: 60_000,
        },
        {
          path: '/openai/v1/fine_tuning/jobs',
          ...{ headers: {}, query: {}, subpaths: false, pricePico: 2_000_000_000_000, timeoutMs: 60_000 },
        },
      ],
      filesAccounts: [{ provider: 'azure', apiBase: { env: 'AZURE_BATCH_BASE' }, apiKey: { env: 'AZURE_BATCH_KEY' } }],
    })
    expect(notices.filter(({ level }) => level === 'error')).toEqual([])
    const names = [...requiredVariables(config).keys()]
    for (const name of ['OWN_KEY', 'AZURE_BATCH_BASE', 'AZURE_BATCH_KEY']) expect(names).toContain(name)
  })

  it.each([
    ['path', '{ path: own, target: "https://a.test" }'],
    ['path', '{ path: /a/../b, target: "https://a.test" }'],
    ['target', '{ path: /own }'],
    ['target', '{ path: /own, target: "ftp://a.test" }'],
    ['target', '{ path: /own, target: "https://user@a.test" }'],
    ['cost_per_request', '{ path: /own, target: "https://a.test", cost_per_request: -1 }'],
    ['cost_per_request', '{ path: /openai/v1/videos }'],
    ['methods', '{ path: /own, target: "https://a.test", methods: [BREW] }'],
  ])('is refused where %s is wrong: %s', (name, row) => {
    const { config, notices } = built(`general_settings: { pass_through_endpoints: [ ${row} ] }`)
    expect(config.passThrough).toBeUndefined()
    expect(notices.filter(({ level }) => level === 'error').map(({ path }) => path)).toContain(
      `general_settings.pass_through_endpoints[0].${name}`,
    )
  })

  it('warns of a secret that is written out', () => {
    const { notices } = built(
      `general_settings: { pass_through_endpoints: [{ path: /own, target: "https://a.test", headers: { Authorization: "Bearer sk-written-out-12345678" } }] }`,
    )
    expect(notices.map(({ message }) => message).join('\n')).toContain('secret')
  })
})
