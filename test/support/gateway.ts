import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import type { StackOptions } from '../../scripts/local/stack.ts'
import { type GatewayRunner, startGateway } from '../../scripts/workerd/runner.ts'
import { startTestStack } from './stack.ts'

export const MASTER_KEY = 'sk-test-master'

export interface RunningGateway {
  readonly runner: GatewayRunner
  readonly stack: Awaited<ReturnType<typeof startTestStack>>
  readonly db: pg.Pool
  /** The isolate at this place. */
  url(isolate?: number): string
  /** A request as the operator. */
  admin<T = Record<string, unknown>>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>
  /** A fresh key with these fields. */
  key(fields?: Record<string, unknown>): Promise<{ key: string; token: string }>
  openai(apiKey: string, isolate?: number): OpenAI
}

export interface RunningGatewayOptions extends Omit<StackOptions, 'stateDir'> {
  readonly isolates?: number
  readonly vars?: Record<string, string>
  readonly configFile?: string
  readonly random?: () => number
}

/** The production bundle in plain workerd on a real PostgreSQL, for one test file. Read it inside tests and hooks only. */
export function useGateway(options: RunningGatewayOptions = {}): () => RunningGateway {
  const { isolates = 1, vars = {}, configFile, random, ...stackOptions } = options
  let running: RunningGateway | undefined
  const ends: (() => Promise<unknown> | unknown)[] = []

  beforeAll(async () => {
    const stack = await startTestStack(stackOptions)
    ends.push(() => stack.stop())
    const stateDir = mkdtempSync(join(tmpdir(), 'tollgate-workerd-'))
    ends.push(() => rmSync(stateDir, { recursive: true, force: true }))
    const runner = await startGateway({
      isolates,
      stateDir,
      vars: {
        DATABASE_URL: stack.databaseUrl,
        UPSTASH_REDIS_REST_URL: stack.redisUrl,
        UPSTASH_REDIS_REST_TOKEN: stack.redisToken,
        LITELLM_MASTER_KEY: MASTER_KEY,
        LITELLM_SALT_KEY: 'test-salt',
        OPENAI_API_KEY: 'sk-stand-in',
        OPENAI_BASE_URL: `${stack.providerUrl}/v1`,
        ANTHROPIC_API_KEY: 'sk-stand-in',
        ANTHROPIC_BASE_URL: stack.providerUrl,
        GEMINI_API_KEY: 'sk-stand-in',
        GEMINI_API_BASE: stack.providerUrl,
        ...vars,
      },
      ...(configFile === undefined ? {} : { configFile }),
      ...(random === undefined ? {} : { random }),
    })
    ends.push(() => runner.stop())
    const db = new pg.Pool({ connectionString: stack.pgUrl, max: 4 })
    db.on('error', () => {})
    ends.push(() => db.end())
    running = gatewayOf(runner, stack, db)
  }, 120_000)

  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  }, 60_000)

  return () => {
    if (!running) throw new Error('The gateway starts in beforeAll; read it inside a test.')
    return running
  }
}

function gatewayOf(runner: GatewayRunner, stack: RunningGateway['stack'], db: pg.Pool): RunningGateway {
  const url = (isolate = 0) => runner.urls[isolate] ?? ''
  async function admin<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url()}${path}`, {
      method,
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return JSON.parse(text) as T
  }
  return {
    runner,
    stack,
    db,
    url,
    admin,
    key: (fields = {}) => admin('POST', '/key/generate', fields),
    openai: (apiKey, isolate = 0) => new OpenAI({ apiKey, baseURL: `${url(isolate)}/v1`, maxRetries: 0 }),
  }
}

/** Asks until it is so, and fails with the last answer when it never is. */
export async function eventually<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, withinMs = 5_000): Promise<T> {
  const untilMs = Date.now() + withinMs
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T)
    if (!(answer instanceof Error) && isSo(answer)) return answer
    if (Date.now() > untilMs) throw new Error(`Not so within ${withinMs} ms: ${describe(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const describe = (value: unknown) => (value instanceof Error ? String(value) : JSON.stringify(value))
