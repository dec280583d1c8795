import { describe, expect, it } from 'vitest'
import { azure, azureResponses } from '../../../src/providers/azure.ts'
import { azureAi, azureAiClaude } from '../../../src/providers/azure-ai.ts'
import { bedrock } from '../../../src/providers/bedrock.ts'
import { openai } from '../../../src/providers/openai.ts'
import { openaiResponses } from '../../../src/providers/openai-responses.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { vendorFor } from '../../../src/providers/registry.ts'
import { vertexAnthropic, vertexGemini } from '../../../src/providers/vertex.ts'

const request = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }
const at = (fields: Partial<Target>): Target => ({ model: 'm', apiKey: 'k', extraHeaders: {}, params: {}, ...fields })

describe('whose file asks a model', () => {
  it.each([
    ['vertex_ai', 'gemini-2.5-flash', 'chat', vertexGemini],
    ['vertex_ai_beta', 'claude-opus-4-1@20250805', 'chat', vertexAnthropic],
    ['vertex_ai', 'text-embedding-005', 'embedding', vertexGemini],
    ['bedrock_converse', 'amazon.nova-lite-v1:0', 'chat', bedrock],
    ['azure', 'my-gpt', 'chat', azure],
    ['azure', 'responses/my-gpt', 'chat', azureResponses],
    ['azure', 'my-pro', 'responses', azureResponses],
    ['azure_ai', 'Llama-3.3-70B', 'chat', azureAi],
    ['azure_ai', 'claude-sonnet-4-5', 'chat', azureAiClaude],
    ['openai', 'gpt-4o', 'chat', openai],
    ['openai', 'responses/gpt-4o', 'chat', openaiResponses],
    ['openai', 'gpt-5-pro', 'responses', openaiResponses],
    ['toString', 'm', 'chat', undefined],
    ['watsonx', 'm', 'chat', undefined],
  ])('%s, %s (%s)', (provider, model, mode, vendor) => {
    expect(vendorFor({ provider, model, mode })).toBe(vendor)
  })
})

describe('who has OpenAI’s Responses for a caller who speaks them', () => {
  it.each([
    [openai, {}, true],
    [openai, { apiBase: 'https://api.openai.com/v1' }, true],
    [openai, { apiBase: 'https://eu.api.openai.com/v1' }, true],
    [openai, { apiBase: 'http://localhost:8000/v1' }, false],
    [openai, { apiBase: 'https://api.openai.com.evil.example/v1' }, false],
    [azure, { apiBase: 'https://me.openai.azure.com', apiVersion: '2024-10-21' }, false],
    [azure, { apiBase: 'https://me.openai.azure.com', apiVersion: 'v1' }, true],
    [azure, { apiBase: 'https://me.openai.azure.com/openai/v1/' }, true],
  ])('%#: %o', (vendor, fields, has) => {
    expect(vendor.responses(at(fields)) !== undefined).toBe(has)
  })
})

describe('Azure’s Responses', () => {
  it.each([
    [{ apiBase: 'https://me.openai.azure.com' }, 'https://me.openai.azure.com/openai/v1/responses'],
    [{ apiBase: 'https://me.openai.azure.com/openai/v1' }, 'https://me.openai.azure.com/openai/v1/responses'],
    [
      { apiBase: 'https://me.openai.azure.com', apiVersion: 'preview' },
      'https://me.openai.azure.com/openai/v1/responses?api-version=preview',
    ],
    [
      { apiBase: 'https://me.openai.azure.com/', apiVersion: '2025-04-01-preview' },
      'https://me.openai.azure.com/openai/responses?api-version=2025-04-01-preview',
    ],
    [
      { apiBase: 'https://me.openai.azure.com/openai/deployments/my-gpt?api-version=2025-04-01-preview' },
      'https://me.openai.azure.com/openai/responses?api-version=2025-04-01-preview',
    ],
    [
      { apiBase: 'https://me.openai.azure.com/openai/responses?api-version=2025-04-01-preview' },
      'https://me.openai.azure.com/openai/responses?api-version=2025-04-01-preview',
    ],
  ])('of %o', (fields, url) => {
    const asked = azureResponses.chat(request, at({ model: 'responses/my-gpt', ...fields }))
    expect(asked.url).toBe(url)
    expect(asked.headers['api-key']).toBe('k')
    expect(JSON.parse(asked.body)).toMatchObject({ model: 'my-gpt', store: false })
  })
})

describe('Azure AI Foundry', () => {
  it.each([
    [
      { apiBase: 'https://me.services.ai.azure.com' },
      'https://me.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview',
      { 'api-key': 'k' },
    ],
    [
      { apiBase: 'https://me.services.ai.azure.com/models/?api-version=2025-01-01' },
      'https://me.services.ai.azure.com/models/chat/completions?api-version=2025-01-01',
      { 'api-key': 'k' },
    ],
    [
      { apiBase: 'https://llama.eastus.models.ai.azure.com' },
      'https://llama.eastus.models.ai.azure.com/v1/chat/completions',
      { authorization: 'Bearer k' },
    ],
    [
      { apiBase: 'https://me.services.ai.azure.com/openai/v1', azureAdToken: 'entra' },
      'https://me.services.ai.azure.com/openai/v1/chat/completions',
      { authorization: 'Bearer entra' },
    ],
  ])('of %o', (fields, url, headers) => {
    const asked = azureAi.chat(request, at(fields))
    expect(asked.url).toBe(url)
    expect(asked.headers).toEqual({ 'content-type': 'application/json', ...headers })
  })

  it('has Claude below /anthropic', () => {
    const apiBase = 'https://me.services.ai.azure.com'
    for (const base of [apiBase, `${apiBase}/anthropic/`, `${apiBase}/anthropic/v1/messages`]) {
      const asked = azureAiClaude.chat({ ...request, max_tokens: 5 }, at({ model: 'claude-sonnet-4-5', apiBase: base }))
      expect(asked.url).toBe(`${apiBase}/anthropic/v1/messages`)
      expect(asked.headers['x-api-key']).toBe('k')
    }
  })
})
