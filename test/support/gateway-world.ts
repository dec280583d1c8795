import { buildConfig } from '../../scripts/config/build.ts'
import * as books from '../../src/budget/books.ts'
import { newBooks } from '../../src/budget/books.ts'
import type { Config } from '../../src/config/config.ts'
import type { Dialect, PathFields } from '../../src/dialects/dialect.ts'
import { openaiChat } from '../../src/dialects/openai-chat.ts'
import type { Call } from '../../src/gateway/call.ts'
import type { GatewayDeps } from '../../src/gateway/deps.ts'
import { HandOver } from '../../src/gateway/hand-over.ts'
import { serve } from '../../src/gateway/serve.ts'
import { memoryHealth } from '../../src/health/memory.ts'
import { newId } from '../../src/ids.ts'
import { MemoryLedger, memorySource } from '../../src/ledger/memory.ts'
import { chat } from '../../src/operations/chat-operation.ts'
import type { AnyRequest, Operation } from '../../src/operations/operation.ts'
import { memorySpend } from '../../src/spend/memory.ts'
import type { Principal } from '../../src/tenants/principal.ts'

const CONFIG = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
    model_info: { id: small-1 }
  - model_name: unpriced
    litellm_params: { model: openai/nobody-knows-this-model, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
  - model_name: keyless
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/NOT_SET_ANYWHERE }
  - model_name: claude
    litellm_params: { model: anthropic/claude-sonnet-4-20250514, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test' }
  - model_name: flash
    litellm_params: { model: gemini/gemini-2.0-flash, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test' }
  - model_name: primary
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
  - model_name: dearer
    litellm_params: { model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
litellm_settings: { num_retries: 0, fallbacks: [{ primary: [dearer, small] }] }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

/** A caller whose key may spend `limitNano` in its lifetime. */
export function keyWith(limitNano?: bigint, limits: Principal['limits'] = []): Principal {
  return {
    kind: 'key',
    role: 'internal_user',
    keyId: 'k1',
    keyHash: 'hash',
    keyName: 'sk-...test',
    ledger: 'key:k1',
    models: [],
    scopes: [{ name: 'key:k1@life', duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: limitNano !== undefined }],
    limits,
    spendNano: 0n,
    metadata: {},
    readAtMs: 0,
  }
}

/** The whole story over memory twins; the vendor is a function. */
export function gatewayWorld(
  vendor: (url: string, init: RequestInit) => Promise<Response> | Response,
  { config: yaml = CONFIG, random = () => 0 }: { readonly config?: string; readonly random?: () => number } = {},
) {
  const paused: number[] = []
  let now = Date.UTC(2026, 10, 22)
  const account = newBooks()
  const ledger = new MemoryLedger({ source: memorySource(account), clock: () => now })
  const spend = memorySpend((events) => books.record(account, events))
  const deferred: Promise<unknown>[] = []
  const config: Config = buildConfig(yaml, { fileName: 'test.yaml', target: 'dev' }).config
  const warnings: string[] = []
  const deps: GatewayDeps = {
    config,
    env: { OPENAI_API_KEY: 'sk-vendor-secret' },
    version: 'test',
    clock: () => now,
    random,
    fetch: ((url: string, init: RequestInit) => Promise.resolve(vendor(url, init))) as typeof fetch,
    ledger,
    sleep: (ms) => {
      now += ms
      paused.push(ms)
      return Promise.resolve()
    },
    health: memoryHealth({ config, clock: () => now }),
    handOver: new HandOver({
      spend,
      ledger,
      sleep: (ms) => {
        now += ms
        return Promise.resolve()
      },
      clock: () => now,
      warn: (message) => warnings.push(message),
    }),
    defer: (_, work) => void deferred.push(work),
  }
  const leaving = new AbortController()
  const callOf = <R extends AnyRequest>(
    operation: Operation<R>,
    body: Record<string, unknown>,
    principal: Principal,
  ): Call<R> => ({
    requestId: newId(now),
    principal,
    operation,
    dialect: openaiChat,
    path: {},
    body,
    headers: new Headers(),
    signal: leaving.signal,
    receivedAtMs: now,
  })
  return {
    account,
    ledger,
    spend,
    warnings,
    /** The pauses between attempts. */
    paused,
    deps,
    /** The client closes its connection. */
    leave: () => leaving.abort(),
    pass: (ms: number) => {
      now += ms
    },
    ask(
      body: Record<string, unknown>,
      principal: Principal = keyWith(),
      dialect: Dialect = openaiChat,
      path: PathFields = {},
      headers: Record<string, string> = {},
    ): Promise<Response> {
      const call = { ...callOf(chat, body, principal), dialect, path, headers: new Headers(headers) }
      return serve(call, deps)
    },
    /** The same for another operation. */
    askFor<R extends AnyRequest>(
      operation: Operation<R>,
      body: Record<string, unknown>,
      principal: Principal = keyWith(),
    ): Promise<Response> {
      return serve(callOf(operation, body, principal), deps)
    },
    /** Everything that was left for after the answer has happened. */
    async rest(): Promise<void> {
      while (deferred.length > 0) await Promise.allSettled(deferred.splice(0))
    },
    rows: () => [...spend.events.values()],
  }
}

/** What OpenAI answers. */
export function answered(
  content: string,
  usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly cost?: number },
): Response {
  return Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
  })
}

/** An event stream of these data lines; `broken` ends it with a lost connection. */
export function streamed(lines: readonly string[], broken = false): Response {
  const encoder = new TextEncoder()
  const left = [...lines]
  return new Response(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        const line = left.shift()
        if (line !== undefined) controller.enqueue(encoder.encode(`data: ${line}\n\n`))
        else if (broken) controller.error(new Error('connection lost'))
        else controller.close()
      },
    }),
    { headers: { 'content-type': 'text/event-stream' } },
  )
}

export const chunk = (delta: object, finish: string | null = null, extra: object = {}) =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...extra,
  })

export const usageChunk = (prompt_tokens: number, completion_tokens: number) =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  })
