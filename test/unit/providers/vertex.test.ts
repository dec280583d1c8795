import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import type { Target } from '../../../src/providers/provider.ts'
import {
  vertexAnthropic,
  vertexClaudeCountTokens,
  vertexCountTokens,
  vertexGemini,
  vertexPublisher,
} from '../../../src/providers/vertex.ts'

const request: ChatRequest = { model: 'smart', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50 }
const target: Target = {
  model: 'gemini-2.5-pro',
  extraHeaders: {},
  params: { vertex_project: 'p-1', vertex_location: 'europe-west1' },
  vertex: { project: 'p-1', location: 'europe-west1', token: 'ya29.secret' },
}
const claude: Target = { ...target, model: 'claude-sonnet-4-5@20250929' }
const at = (to: Partial<Target>) => vertexGemini.chat(request, { ...target, ...to }).url

describe('Gemini on Vertex', () => {
  it('is asked with the same body as in AI Studio, by the token of the project', () => {
    const { url, headers, body } = vertexGemini.chat({ ...request, stream: true }, target)
    expect(url).toBe(
      'https://europe-west1-aiplatform.googleapis.com/v1beta1/projects/p-1/locations/europe-west1/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    )
    expect(headers).toEqual({ 'content-type': 'application/json', authorization: 'Bearer ya29.secret' })
    expect(JSON.parse(body)).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      generationConfig: { maxOutputTokens: 50 },
    })
  })

  it('says a tier in a header, whoever asks', () => {
    const own = vertexGemini.forward({ contents: [], serviceTier: 'PRIORITY' }, false, target)
    const told = vertexGemini.chat({ ...request, service_tier: 'priority' }, target)
    for (const { headers, body } of [own, told]) {
      expect(headers['x-vertex-ai-llm-shared-request-type']).toBe('priority')
      expect(JSON.parse(body)).not.toHaveProperty('serviceTier')
    }
  })

  it.each<[Partial<Target>, string]>([
    [
      { vertex: { project: 'p', token: 't' } },
      'https://aiplatform.googleapis.com/v1beta1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro:generateContent',
    ],
    [
      { vertex: { project: 'p', location: 'eu', token: 't' } },
      'https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro:generateContent',
    ],
    [
      { model: 'gemini/1234567890' },
      'https://europe-west1-aiplatform.googleapis.com/v1beta1/projects/p-1/locations/europe-west1/endpoints/1234567890:generateContent',
    ],
    [
      { model: 'projects/p/locations/us-east1/endpoints/7' },
      'https://europe-west1-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-east1/endpoints/7:generateContent',
    ],
    [
      { apiBase: 'http://proxy/vertex/v1/' },
      'http://proxy/vertex/v1/projects/p-1/locations/europe-west1/publishers/google/models/gemini-2.5-pro:generateContent',
    ],
  ])('is found for %j', (to, url) => {
    expect(at(to)).toBe(url)
  })

  it('knows express mode: a key, and no project', () => {
    const { vertex: _, ...express } = { ...target, apiKey: 'AQ.key' }
    const { url, headers } = vertexGemini.chat(request, express)
    expect(url).toBe(
      'https://aiplatform.googleapis.com/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent',
    )
    expect(headers).toMatchObject({ 'x-goog-api-key': 'AQ.key' })
  })

  it('says what the operator has to set', () => {
    const { vertex: _, ...bare } = target
    expect(() => vertexGemini.chat(request, bare)).toThrow(/must set vertex_project/)
    expect(() => vertexGemini.chat(request, { ...target, vertex: { project: 'p' } })).toThrow(/vertex_credentials/)
    expect(() => at({ vertex: { project: 'p', location: 'evil.test/', token: 't' } })).toThrow(/no location/)
  })

  it('names its tier in a header', () => {
    const { headers, body } = vertexGemini.chat({ ...request, service_tier: 'flex' }, target)
    expect(headers['x-vertex-ai-llm-shared-request-type']).toBe('flex')
    expect(JSON.parse(body)).not.toHaveProperty('serviceTier')
  })

  it('counts tokens', () => {
    const { url, body } = vertexCountTokens(request, target)
    expect(url).toMatch(/gemini-2\.5-pro:countTokens$/)
    expect(JSON.parse(body)).toHaveProperty('contents')
  })
})

describe('Claude on Vertex', () => {
  it('is asked with its version in the body and its model in the address', () => {
    const { url, headers, body } = vertexAnthropic.chat({ ...request, stream: true }, claude)
    expect(url).toBe(
      'https://europe-west1-aiplatform.googleapis.com/v1/projects/p-1/locations/europe-west1/publishers/anthropic/models/claude-sonnet-4-5%4020250929:streamRawPredict',
    )
    expect(headers).toEqual({ 'content-type': 'application/json', authorization: 'Bearer ya29.secret' })
    const sent = JSON.parse(body)
    expect(sent).toMatchObject({ anthropic_version: 'vertex-2023-10-16', max_tokens: 50, stream: true })
    for (const field of ['model', 'vertex_project', 'vertex_location']) expect(sent).not.toHaveProperty(field)
  })

  it("passes a caller's own body on", () => {
    const own = { model: 'x', max_tokens: 5, messages: [], anthropic_beta: ['context-1m-2025-08-07'], newField: 1 }
    const { url, body, headers } = vertexAnthropic.forward(own, false, claude)
    expect(url).toMatch(/:rawPredict$/)
    expect(headers['anthropic-beta']).toBe('context-1m-2025-08-07')
    expect(JSON.parse(body)).toEqual({
      anthropic_version: 'vertex-2023-10-16',
      max_tokens: 5,
      messages: [],
      newField: 1,
    })
  })

  it('counts tokens at a model of that name', () => {
    const { url, body } = vertexClaudeCountTokens(
      { model: 'm', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 },
      claude,
    )
    expect(url).toMatch(/models\/count-tokens:rawPredict$/)
    expect(JSON.parse(body)).toEqual({
      anthropic_version: 'vertex-2023-10-16',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      model: 'claude-sonnet-4-5@20250929',
    })
  })

  it("tells Google's refusals from Anthropic's", () => {
    const quota = { error: { code: 429, message: 'Quota exceeded.', status: 'RESOURCE_EXHAUSTED' } }
    const long = { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 9 > 8' } }
    const failure = (status: number, body: object) =>
      vertexAnthropic.failure(status, new Headers(), JSON.stringify(body)).kind
    expect([failure(429, quota), failure(400, long)]).toEqual(['rate_limited', 'context_window_exceeded'])
  })

  it('is told by its name', () => {
    expect(['claude-opus-4-5', 'gemini-2.5-pro', 'gemini/123'].map(vertexPublisher)).toEqual([
      'anthropic',
      'google',
      'google',
    ])
  })
})
