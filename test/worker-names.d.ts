// Names of the Workers runtime that src mentions, for the tests that run in Node: as much of each as they touch. What
// they really are is checked where src itself is (worker-configuration.d.ts).
import type { webcrypto } from 'node:crypto'

declare global {
  interface ExecutionContext<Props = unknown> {
    waitUntil(promise: Promise<unknown>): void
    passThroughOnException(): void
    readonly props: Props
  }
  type SqlValue = ArrayBuffer | string | number | null
  interface SqlStorage {
    exec<T extends Record<string, SqlValue>>(
      query: string,
      ...bindings: unknown[]
    ): Iterable<T> & { toArray(): T[]; one(): T }
  }
  interface DurableObjectStorage {
    readonly sql: SqlStorage
    transactionSync<T>(work: () => T): T
  }
  type SubtleCrypto = webcrypto.SubtleCrypto
  type BodyInit = NonNullable<ConstructorParameters<typeof Response>[0]>
}
