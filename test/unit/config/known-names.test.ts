import { expect, it } from 'vitest'
import { knownNames } from '../../../src/config/wildcard.ts'
import { build } from './world.ts'

const namesUnder = (group: string, model: string) => {
  const { config } = build(
    `model_list: [{ model_name: '${group}', litellm_params: { model: '${model}', api_key: os.environ/K } }]`,
  )
  const [deployment] = config.deployments
  return deployment && knownNames(deployment, config)
}

it('lists what the prices have by name under a wildcard, as callers ask for it, and what is served', () => {
  expect(namesUnder('openai/*', 'openai/*')).toEqual(['openai/text-embedding-3-small'])
  expect(namesUnder('my-*', 'openai/*')).toEqual(['my-text-embedding-3-small'])
  expect(namesUnder('small-*', 'openai/text-*-small')).toEqual(['small-embedding-3'])
  expect(namesUnder('any/*', 'openai/gpt-*')).toEqual([])
})
