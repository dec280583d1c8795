import type { Check, CheckLog } from './checks.ts'

/** In memory, for tests and for gateways without Postgres. */
export function memoryChecks(): CheckLog {
  const kept = new Map<string, Check>()
  const askedMs = new Map<string, number>()
  const newestFirst = () => [...kept.values()].sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1))
  return {
    keep(checks) {
      for (const check of checks) if (!kept.has(check.id)) kept.set(check.id, check)
      return Promise.resolve()
    },
    latest(deployments) {
      const all = newestFirst()
      return Promise.resolve(
        [...new Set(deployments)].flatMap((id) => all.find(({ deployment }) => deployment === id) ?? []),
      )
    },
    claim(deployment, nowMs, keptMs) {
      const last = askedMs.get(deployment)
      if (last !== undefined && last > nowMs - keptMs) return Promise.resolve(false)
      askedMs.set(deployment, nowMs)
      return Promise.resolve(true)
    },
    history({ group, ok, sinceMs, most, after }) {
      const found = newestFirst().filter(
        (check) =>
          (group === undefined || check.group === group) &&
          (ok === undefined || check.ok === ok) &&
          (sinceMs === undefined || check.atMs >= sinceMs),
      )
      return Promise.resolve({ found: found.slice(after, after + most), total: found.length })
    },
  }
}
