import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { continuing, mayBeContinued } from '../../../src/gateway/continue.ts'

const request: ChatRequest = { model: 'm', messages: [{ role: 'user', content: 'Count.' }], stream: true }
const asked = (provider: string, model: string, fields: Partial<ChatRequest> = {}, text = 'One two ') =>
  continuing({ ...request, ...fields }, text, { provider, model })

describe('a text that broke off', () => {
  it.each([
    ['anthropic', 'claude-sonnet-4-5-20250929', {}],
    ['bedrock', 'us.anthropic.claude-3-5-sonnet-20241022-v2:0', {}],
    ['vertex_ai', 'claude-opus-4@20250514', {}],
    ['mistral', 'mistral-large-latest', { prefix: true }],
  ])('is given to %s %s as its own', (provider, model, mark) => {
    const { request: going, seam } = asked(provider, model)
    expect(going.messages.slice(1)).toEqual([{ role: 'assistant', content: 'One two', ...mark }])
    expect(seam.push(' three')).toBe('three')
  })

  it.each([
    ['anthropic', 'claude-opus-4-6', {}],
    ['anthropic', 'claude-sonnet-5-20260801', {}],
    ['anthropic', 'claude-sonnet-4-5-20250929', { thinking: { type: 'enabled', budget_tokens: 2000 } }],
    ['mistral', 'magistral-medium', { reasoning_effort: 'high' }],
    ['openai', 'gpt-4o', {}],
    ['gemini', 'gemini-2.5-pro', {}],
    ['openrouter', 'anthropic/claude-3.5-sonnet', {}],
  ])('is told to %s %s, which does not continue one', (provider, model, fields) => {
    const { messages } = asked(provider, model, fields).request
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(messages[1]).toEqual({ role: 'assistant', content: 'One two ' })
  })

  it('joins a beginning that the caller gave', () => {
    const messages = [...request.messages, { role: 'assistant', content: 'Well: ' }]
    const { request: going } = asked('anthropic', 'claude-3-5-haiku-latest', { messages })
    expect(going.messages.slice(1)).toEqual([{ role: 'assistant', content: 'Well: One two' }])
  })

  it('takes its length from what the caller allowed', () => {
    expect(asked('openai', 'gpt-4o', { max_tokens: 100 }, 'x'.repeat(200)).request.max_tokens).toBe(50)
    expect(asked('openai', 'gpt-4o', { max_completion_tokens: 20 }, 'x'.repeat(200)).request).toMatchObject({
      max_completion_tokens: 16,
    })
    expect(asked('openai', 'gpt-4o').request).not.toHaveProperty('max_tokens')
  })

  it('of white space alone is asked for again', () => {
    const { request: going, seam } = asked('openai', 'gpt-4o', {}, '\n')
    expect(going.messages).toEqual(request.messages)
    expect(seam.push('\nOne')).toBe('One')
  })
})

it('goes on only with plain text of one answer', () => {
  expect(mayBeContinued({ ...request, tools: [{ type: 'function' }], response_format: { type: 'text' } })).toBe(true)
  for (const fields of [
    { n: 2 },
    { response_format: { type: 'json_schema' } },
    { logprobs: true },
    { modalities: ['text', 'audio'] },
  ])
    expect(mayBeContinued({ ...request, ...fields })).toBe(false)
})
