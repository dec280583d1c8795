import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import { worstCase } from '../../../src/operations/chat.ts'
import { vendorTools } from '../../../src/operations/vendor-tools.ts'

const deployment: Deployment = {
  id: 'd',
  group: 'g',
  provider: 'anthropic',
  model: 'claude-sonnet-4-5',
  params: {},
  mode: 'chat',
  price: { input: 1_000, output: 1_000 },
  maxInputTokens: 1_000,
  maxOutputTokens: 100,
}
const request = { model: 'g', messages: [{ role: 'user', content: 'Hi' }] }
const search = (max_uses?: number) => ({ type: 'web_search_20250305', name: 'web_search', max_uses })
const worst = (more: object, where: Partial<Deployment> = {}) =>
  worstCase({ ...request, ...more }, { ...deployment, ...where })

describe("the worst case of vendors' own tools", () => {
  it('is bounded for searches that are counted: each reads a window at most, and has a fee', () => {
    // Three searches read four times 1,000 tokens at 1 nano each, beside 100 tokens of answer and three fees.
    expect(worst({ tools: [search(3)] }).costNano).toBe(4_000n + 100n + 3n * 10_000_000n)
    expect(worst({ tools: [search(1), search(2)] }).costNano).toBe(4_000n + 100n + 3n * 10_000_000n)
  })

  it.each<[string, object, Partial<Deployment>, RegExp]>([
    ['searches without a number', { tools: [search()] }, {}, /max_uses/],
    ['searches nobody knows the price of', { tools: [search(1)] }, { provider: 'else' }, /what a search of g costs/],
    ['searches in a window nobody knows', { tools: [search(1)] }, { maxInputTokens: undefined as never }, /max_input/],
    [
      'pages that are fetched',
      { tools: [{ type: 'web_fetch_20250910', name: 'web_fetch', max_uses: 1 }] },
      {},
      /web_fetch/,
    ],
    [
      'code that runs there',
      { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] },
      {},
      /code_execution/,
    ],
    ['servers of tools', { mcp_servers: [{ url: 'https://x' }] }, {}, /mcp_servers/],
    ["Google's search", { tools: [{ type: 'googleSearch', googleSearch: {} }] }, {}, /googleSearch/],
    ["Google's search by name only", { tools: [{ google_search: {} }] }, {}, /google_search/],
    ["Google's reading of pages", { tools: [{ type: 'urlContext', urlContext: {} }] }, {}, /urlContext/],
    ["Google's code", { tools: [{ codeExecution: {} }] }, {}, /codeExecution/],
    ["OpenAI's search", { tools: [{ type: 'web_search' }] }, {}, /web_search/],
    ["OpenAI's files", { tools: [{ type: 'file_search', vector_store_ids: ['v'] }] }, {}, /file_search/],
    ["OpenAI's interpreter", { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }, {}, /interpreter/],
    ['tools that nobody knows yet', { tools: [{ type: 'brand_new' }] }, {}, /brand_new/],
    ['faster answers', { speed: 'fast' }, {}, /speed/],
    ['other models in its stead', { models: ['openai/gpt-5'] }, {}, /models/],
  ])('is unbounded for %s', (_, more, where, reason) => {
    const { costNano, unbounded } = worst(more, where)
    expect(costNano).toBeUndefined()
    expect(unbounded).toMatch(reason)
  })

  it('is not touched by tools that the caller runs', () => {
    const types = ['function', 'custom', 'bash_20250124', 'computer_20250124', 'memory_20250818', 'local_shell']
    for (const type of types) expect(vendorTools({ tools: [{ type, name: 'x' }] })).toEqual({ searches: 0 })
    const untyped = [{ function: { name: 'x' } }, { name: 'x', input_schema: {} }, { functionDeclarations: [] }]
    expect(vendorTools({ tools: untyped, plugins: [], speed: 'standard', mcp_servers: null })).toEqual({ searches: 0 })
  })

  it("counts a vendor's own cache as a whole window", () => {
    expect(worst({ cachedContent: 'cachedContents/1' }).tokens).toBe(worst({}).tokens + 1_000)
  })
})
