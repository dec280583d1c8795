import { describe, expect, it } from 'vitest'
import { abilitiesOf } from '../../../scripts/prices/abilities.ts'
import { lookup } from '../../../scripts/prices/catalogue.ts'

describe('what a model can', () => {
  it.each([
    ['gpt-4o-mini-2024-07-18', { vision: true, tools: true, jsonSchema: true, audioInput: false }],
    ['gpt-4o-audio-preview', { vision: false, audioInput: true, audioOutput: true }],
    ['gpt-4o-2024-05-13', { jsonSchema: false }],
    ['gpt-4-0613', { vision: false, jsonSchema: false }],
    ['gpt-4-turbo-2024-04-09', { vision: true, jsonSchema: false }],
    ['gpt-3.5-turbo', { vision: false, tools: true }],
    ['o1-mini', { tools: false, reasoning: true }],
    ['o3-mini', { vision: false, tools: true }],
    ['o3', { vision: true, reasoning: true }],
    ['gpt-5-mini', { vision: true, reasoning: true }],
    ['claude-3-5-haiku-20241022', { tools: true, reasoning: false, audioInput: false }],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', { vision: true, reasoning: true }],
    ['anthropic/claude-sonnet-4', { vision: true, reasoning: true }],
    ['gemini-2.5-flash', { vision: true, audioInput: true, jsonSchema: true }],
    ['deepseek-chat', { vision: false, jsonSchema: false }],
    ['sonar-pro', { tools: false, webSearch: true }],
    ['amazon.nova-micro-v1:0', { vision: false }],
  ])('%s', (model, expected) => {
    expect(abilitiesOf(model).supports).toMatchObject(expected)
  })

  it('is unknown of a stranger', () => {
    expect(abilitiesOf('my-own-model')).toEqual({})
  })

  it('is told of whoever thinks in silence', () => {
    const silent = (model: string) => abilitiesOf(model).reasonsInSilence === true
    expect(
      ['o3', 'o4-mini', 'gpt-5', 'gpt-5-mini', 'openai/o1', 'gemini-2.5-pro', 'grok-4'].filter(silent),
    ).toHaveLength(7)
    expect(['gpt-4o', 'gpt-5-chat-latest', 'claude-sonnet-4-5', 'gemini-2.0-flash', 'o1x'].filter(silent)).toEqual([])
  })
})

it('bounds an answer by the maker of the model where the cloud says nothing', () => {
  expect(lookup('azure', 'gpt-4o')?.maxOutputTokens).toBe(16_384)
  expect(lookup('azure', 'o_series/o3')?.maxOutputTokens).toBe(100_000)
  expect(lookup('bedrock', 'us.anthropic.claude-sonnet-4-20250514-v1:0')).toMatchObject({
    maxInputTokens: 200_000,
    maxOutputTokens: 64_000,
  })
  expect(lookup('vertex_ai', 'claude-sonnet-4@20250514')?.maxOutputTokens).toBe(64_000)
  expect(lookup('openrouter', 'openai/gpt-4o')?.maxOutputTokens).toBe(16_384)
})
