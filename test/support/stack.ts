import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type Stack, type StackOptions, startStack } from '../../scripts/local/stack.ts'
import { migratedTemplate } from './postgres.ts'

/** A stack with a state folder of its own in the system's temp folder; `stop` removes it. */
export async function startTestStack(options: Omit<StackOptions, 'stateDir'> = {}): Promise<Stack> {
  const stateDir = mkdtempSync(join(tmpdir(), 'tollgate-test-'))
  // As root, the database runs as another user, who must get in.
  chmodSync(stateDir, 0o711)
  const remove = () => rmSync(stateDir, { recursive: true, force: true })
  try {
    const stack = await startStack({ durable: false, pace: 'instant', ...migratedTemplate(), ...options, stateDir })
    return {
      ...stack,
      stop: async () => {
        await stack.stop()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** One stack for a test file: started before its tests, stopped after them. Read it inside tests and hooks only. */
export function useStack(options: Omit<StackOptions, 'stateDir'> = {}): () => Stack {
  let stack: Stack | undefined
  beforeAll(async () => {
    stack = await startTestStack(options)
  }, 60_000)
  afterAll(async () => {
    await stack?.stop()
  })
  return () => {
    if (!stack) throw new Error('The stack starts in beforeAll; read it inside a test.')
    return stack
  }
}
