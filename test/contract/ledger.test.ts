import { MemoryLedger } from '../../src/ledger/memory.ts'
import { ledgerContract } from './ledger-contract.ts'
import { FickleSource, settings } from './ledger-world.ts'

ledgerContract('in memory', (more) => {
  let nowMs = Date.UTC(2026, 10, 22, 12)
  const source = new FickleSource()
  const ledger = new MemoryLedger({ source, settings: { ...settings, ...more }, clock: () => nowMs })
  return {
    ledger,
    source,
    allow: (name, ask) => ledger.allow(name, ask),
    close: (name, close) => ledger.settle(name, [], [close]),
    recall: (name, scopes) => ledger.recall(name, scopes),
    names: ['team:t', 'user:u'],
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms
    },
    tick: async (name) => void (await ledger.tick(name)),
    evict: (name) => Promise.resolve(ledger.evict(name)),
  }
})
