import type { ContentBlockParam } from '@anthropic-ai/sdk/resources/messages/messages'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { type Family, families, native } from './families.ts'
import { sent } from './sent.ts'

// Every kind of block that Anthropic's SDK documents, in a user's turn and in an assistant's, to every family: it is told in
// the vendor's words, or refused by its place. A kind that the SDK adds is missing here for the compiler.

type Kind = ContentBlockParam['type']

const png = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' }

const blocks = {
  text: { text: 'It rains.' },
  image: { source: png },
  document: { source: { type: 'file', file_id: 'file_1' } },
  search_result: { source: 'https://x.test', title: 'Bonn', content: [{ type: 'text', text: 'It rains.' }] },
  thinking: { thinking: 'Hm.', signature: 'c2ln' },
  redacted_thinking: { data: 'ZGF0YQ==' },
  tool_use: { id: 'toolu_1', name: 'weather', input: {} },
  tool_result: { tool_use_id: 'toolu_1', content: 'Sunny' },
  server_tool_use: { id: 'srvtoolu_1', name: 'web_search', input: { query: 'Bonn' } },
  web_search_tool_result: { tool_use_id: 'srvtoolu_1', content: [] },
  web_fetch_tool_result: { tool_use_id: 'srvtoolu_1', content: { type: 'web_fetch_tool_result_error' } },
  code_execution_tool_result: { tool_use_id: 'srvtoolu_1', content: { type: 'code_execution_result', content: [] } },
  bash_code_execution_tool_result: { tool_use_id: 'srvtoolu_1', content: {} },
  text_editor_code_execution_tool_result: { tool_use_id: 'srvtoolu_1', content: {} },
  tool_search_tool_result: { tool_use_id: 'srvtoolu_1', content: {} },
  container_upload: { file_id: 'file_1' },
} satisfies Readonly<Record<Kind, object>>

/** What others have by the same name; thoughts have tests of their own. */
const SHARED: readonly string[] = ['text', 'thinking', 'redacted_thinking']

const kinds = (Object.keys(blocks) as Kind[]).filter((kind) => !SHARED.includes(kind))
// OpenRouter passes blocks on to the Claude behind it.
const others = families.filter((family) => native[family] !== 'anthropic' && family !== 'openrouter')
const cells = kinds.flatMap((kind) => others.map((family) => [kind, family] as const))

function outcome(family: Family, messages: readonly object[]): string {
  try {
    return JSON.stringify(sent('anthropic', family, { messages }))
  } catch (refusal) {
    expect(refusal).toBeInstanceOf(GatewayError)
    expect(refusal).toMatchObject({ kind: 'invalid_request', details: { param: expect.any(String) } })
    return ''
  }
}

describe('a block of Anthropic’s', () => {
  it.each(cells)('%s reaches %s in its own words only', (kind, family) => {
    const block = { type: kind, ...blocks[kind] }
    const user = { role: 'user', content: 'Hi' }
    const asked = outcome(family, [{ role: 'user', content: [{ type: 'text', text: 'Hi' }, block] }])
    const answered = outcome(family, [
      user,
      { role: 'assistant', content: [{ type: 'text', text: 'Yes' }, block] },
      user,
    ])
    expect(asked).not.toContain(`"type":"${kind}"`)
    expect(answered).not.toContain(`"type":"${kind}"`)
  })
})
