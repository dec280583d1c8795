import { expect, it } from 'vitest'
import { DurableLedger } from '../../../src/ledger/durable.ts'
import { MemoryLedger } from '../../../src/ledger/memory.ts'
import { FickleSource, scope, settings, takeOf } from '../../contract/ledger-world.ts'

const MINUTE = scope('key:k@1m')
const TURN_MS = Date.UTC(2026, 10, 22, 12)

it('serves a request whose window turns while its grant is on its way: in the new window, counted once', async () => {
  let nowMs = TURN_MS - 1
  const source = new FickleSource()
  source.books.limits.set(MINUTE.name, 10n)
  const objects = new MemoryLedger({ source, settings, clock: () => nowMs })
  const deferred: Promise<unknown>[] = []
  const ledger = new DurableLedger({
    namespace: {
      getByName: (name) => ({
        async take(take) {
          const taken = await objects.take(name, take)
          nowMs = TURN_MS + 1
          return taken
        },
        reprice: (failed, take) => objects.reprice(name, failed, take),
        settle: (settlements, closes) => objects.settle(name, settlements, closes),
        check: (take) => objects.check(name, take),
        recall: (scopes) => objects.recall(name, scopes),
        allow: (ask, closes) => objects.allow(name, ask, closes),
      }),
    },
    timeoutMs: 1_000,
    clock: () => nowMs,
    warn: () => undefined,
    defer: (_, work) => deferred.push(work),
  })
  const ask = () =>
    ledger.take('key:k', takeOf({ now: () => nowMs }, { scopes: [MINUTE], limits: [{ entity: 'key:k', rpm: 1 }] }))

  const taken = await ask()
  expect(taken).toMatchObject({ granted: true, grant: { windows: [{ scope: MINUTE.name, startMs: TURN_MS }] } })
  expect(await ask()).toMatchObject({ granted: false, refusal: { kind: 'rate_limited' } })
  await Promise.all(deferred)

  // With the old window's grant closed, all it had been lent goes back.
  nowMs += settings.idleReturnMs + 1
  await objects.tick('key:k')
  expect(source.books.windows.get(`${MINUTE.name}|${TURN_MS - 60_000}`)).toMatchObject({ leased: 0n, spent: 0n })
})
