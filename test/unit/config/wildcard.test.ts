import { describe, expect, it } from 'vitest'
import { buildConfig } from '../../../scripts/config/build.ts'
import { families, lookup } from '../../../scripts/prices/catalogue.ts'
import { knownModel } from '../../../src/config/known-models.ts'
import { deploymentsFor, requiredVariables } from '../../../src/config/read.ts'
import { bySpecificity, deploymentAs, wildcardParts } from '../../../src/config/wildcard.ts'
import { build, of } from './world.ts'

const as = (params: string, name: string, group: string) => {
  const { config } = build(`model_list: [{ model_name: "${group}", litellm_params: {${params}} }]`)
  const [deployment] = config.deployments
  return deployment && deploymentAs(deployment, name, config)
}

describe('a wildcard', () => {
  it('serves what fits it whole, under the name that was asked for, at the list price', () => {
    expect(as('model: openai/*', 'openai/gpt-4o-2024-08-06', 'openai/*')).toMatchObject({
      group: 'openai/gpt-4o-2024-08-06',
      model: 'gpt-4o-2024-08-06',
      provider: 'openai',
      price: { input: 2_500_000, output: 10_000_000 },
      maxOutputTokens: 16_384,
      supports: { vision: true },
      wildcard: true,
    })
    expect(as('model: openai/*', 'openai/mine', 'openai/*')).not.toHaveProperty('price')
  })

  it.each([
    ['*', 'openai/*', 'gpt-4o', 'gpt-4o'],
    ['*', 'openai/*', 'openai/gpt-4o', 'gpt-4o'],
    ['mine/*', 'openai/*', 'mine/gpt-4o', 'gpt-4o'],
    ['mine/*', 'openai/ft:gpt-4o:*', 'mine/abc', 'ft:gpt-4o:abc'],
    ['mine/*/*', 'openai/*', 'mine/a/b', 'b'],
    ['any-*', 'openai/gpt-4o', 'any-thing', 'gpt-4o'],
  ])('%s of %s asked as %s is %s', (group, model, name, expected) => {
    expect(as(`model: "${model}"`, name, group)?.model).toBe(expected)
  })

  it('keeps what its row says over what the list says', () => {
    const one = as('model: openai/*, input_cost_per_token: 1.0e-6, output_cost_per_token: 0', 'o/gpt-4o', 'o/*')
    expect(one?.price).toEqual({ input: 1_000_000, output: 0 })
  })

  it('knows the mode of a model, and serves none that is not served', () => {
    expect(as('model: openai/*', 'openai/text-embedding-3-small', 'openai/*')).toMatchObject({ mode: 'embedding' })
    expect(as('model: openai/*', 'openai/sora-2', 'openai/*')?.disabled).toContain("'video_generation'")
  })

  it('brings the list of its vendor into the built config, and no other', () => {
    const { config } = build('model_list: [{ model_name: "openai/*", litellm_params: { model: "openai/*" } }]')
    expect(Object.keys(config.knownModels ?? {})).toEqual(['openai'])
    expect(build('model_list: [{ model_name: m, litellm_params: { model: openai/x } }]').config).not.toHaveProperty(
      'knownModels',
    )
  })
})

describe('a row for every vendor', () => {
  const { config, notices } = build(`model_list:
  - { model_name: "*", litellm_params: { model: "*" } }
  - { model_name: "azure/*", litellm_params: { model: "azure/*", api_key: os.environ/K } }
`)

  it('stands for each of them, and for well-known names', () => {
    const groups = config.deployments.map(({ group, provider }) => [group, provider])
    expect(groups).toEqual(
      expect.arrayContaining([
        ['openai/*', 'openai'],
        ['gpt-*', 'openai'],
        ['gemini-*', 'vertex_ai'],
        ['azure/*', 'azure'],
      ]),
    )
    expect(groups.filter(([group]) => group === 'azure/*')).toHaveLength(1)
    expect(new Set(config.deployments.map(({ id }) => id)).size).toBe(config.deployments.length)
    expect(of('error', notices)).toEqual([])
    const gpt = config.deployments.find(({ group }) => group === 'gpt-*')
    expect(gpt && deploymentAs(gpt, 'gpt-4o', config).model).toBe('gpt-4o')
  })

  it('asks a deploy for no variable, and leaves out who has none', () => {
    expect([...requiredVariables(config).keys()].slice(4)).toEqual(['K', 'AZURE_API_BASE'])
    const reasons = deploymentsFor(config, { OPENAI_API_KEY: 'k' }).map(({ deployment, reason }) => [
      deployment.group,
      reason,
    ])
    expect(reasons).toContainEqual(['openai/*', undefined])
    expect(reasons).toContainEqual(['vertex_ai/*', 'GOOGLE_APPLICATION_CREDENTIALS_JSON is not set'])
  })

  it('may not name the key of one', () => {
    const wrong = build('model_list: [{ model_name: "*", litellm_params: { model: "*", api_key: os.environ/K } }]')
    expect(of('error', wrong.notices)[0]?.path).toBe('model_list[0].litellm_params.api_key')
  })
})

it('fits names to patterns as a whole, and orders patterns by what they say', () => {
  expect(wildcardParts('openai/gpt-*', 'openai/gpt-4o')).toEqual(['4o'])
  expect(wildcardParts('openai/gpt-*', 'xopenai/gpt-4o')).toBeUndefined()
  expect(wildcardParts('*-mini', 'gpt-4o-mini-2024')).toBeUndefined()
  expect(wildcardParts('a.c/*', 'abc/x')).toBeUndefined()
  expect(['*', 'openai/*', 'openai/gpt-*', '*/*'].toSorted(bySpecificity)).toEqual([
    'openai/gpt-*',
    'openai/*',
    '*/*',
    '*',
  ])
})

it.each([
  ['openai', 'gpt-4o-mini'],
  ['openai', 'gpt-4o-2024-05-13'],
  ['openai', 'o3'],
  ['azure', 'gpt-4.1'],
  ['azure', 'o_series/o3'],
  ['anthropic', 'claude-sonnet-4-20250514'],
  ['bedrock', 'us.anthropic.claude-sonnet-4-20250514-v1:0'],
  ['bedrock', 'amazon.nova-lite-v1:0'],
  ['vertex_ai', 'gemini-2.5-pro'],
  ['gemini', 'gemini-2.5-flash'],
  ['groq', 'llama-3.3-70b-versatile'],
])('what a request finds of %s/%s is what the build would have found', (vendor, model) => {
  const built = lookup(vendor, model)
  const { match: _, ...found } = { match: undefined, ...knownModel(families(vendor), model) }
  expect(built?.price).toBeDefined()
  expect(found.price).toEqual(built?.price)
  expect(found.maxOutputTokens ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(built?.maxOutputTokens ?? 0)
})

it('finds nothing of a model that the list does not have', () => {
  expect(knownModel(families('openai'), 'nobody-knows')).toBeUndefined()
  expect(families('hosted_vllm')).toBeUndefined()
})

it('is small enough to travel in the Worker', () => {
  const yaml = 'model_list: [{ model_name: "openai/*", litellm_params: { model: "openai/*" } }]'
  const { config } = buildConfig(yaml, { fileName: 'config.yaml', target: 'dev' })
  expect(JSON.stringify(config.knownModels).length).toBeLessThan(60_000)
})
