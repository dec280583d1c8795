import { Group } from '../../src/health/group.ts'
import { memoryHealth } from '../../src/health/memory.ts'
import { healthContract } from './health-contract.ts'
import { config, GROUP, VirtualTime } from './health-world.ts'

healthContract('in memory', () => {
  const time = new VirtualTime(Date.UTC(2026, 10, 22))
  const groups = new Map<string, Group>()
  let severed = false
  let calls = 0
  let stored: ConstructorParameters<typeof Group>[0]
  /** Loses replies rather than requests: the harder case. */
  class Watched extends Group {
    override report(...args: Parameters<Group['report']>): ReturnType<Group['report']> {
      calls += 1
      const answer = super.report(...args)
      if (answer.circuits) stored = structuredClone(answer.circuits)
      if (severed) throw new Error('severed')
      return answer
    }
  }
  groups.set(GROUP, new Watched())
  return {
    time,
    isolate: (isolate) => memoryHealth({ config, clock: () => time.nowMs, groups, isolate, sleep: time.sleep }),
    advance: (ms) => time.advance(ms, () => new Promise((resolve) => setImmediate(resolve))),
    evict: () => {
      groups.set(GROUP, new Watched(stored))
      return Promise.resolve()
    },
    sever: (on) => {
      severed = on
    },
    calls: () => calls,
  }
})
