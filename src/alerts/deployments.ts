import type { AlertSettings } from '../config/alerts.ts'
import type { Circuit } from '../routing/state.ts'
import type { About, Alert } from './alert.ts'

/** A deployment as health sees it: counts of the last sixty seconds. */
export interface Sight extends About {
  readonly region: string | null
  readonly inFlight: number
  readonly requests: number
  readonly failures: number
  readonly circuit: Circuit
  readonly openUntilMs: number | null
  readonly openBecause: string | null
}

type Outage = 'minor' | 'major'

interface Trouble {
  readonly level: Outage
  readonly sinceMs: number
}

/** What was told, so that it is told once: plain JSON, kept in Postgres. What is well has no entry. */
export interface Watched {
  readonly outages: Readonly<Record<string, Trouble>>
  readonly regions: Readonly<Record<string, Trouble>>
  /** Deployments that cool down, since when. */
  readonly cooling: Readonly<Record<string, number>>
  /** Since when something is in flight and nothing has ended, and whether that was told. */
  readonly stuck: Readonly<Record<string, { readonly sinceMs: number; readonly told: boolean }>>
}

export const nothingWatched: Watched = { outages: {}, regions: {}, cooling: {}, stuck: {} }

type Rules = Pick<AlertSettings, 'minorErrors' | 'majorErrors' | 'slowMs'>

/**
 * What the deployments' state has to say after what was told before, and what is to be remembered of it. An outage begins
 * minor or major, may become major, and is resolved when a minute went by without a failure and the circuit is closed.
 */
export function deploymentAlerts(
  before: Watched,
  sights: readonly Sight[],
  rules: Rules,
  nowMs: number,
): { readonly alerts: readonly Alert[]; readonly after: Watched } {
  const alerts: Alert[] = []
  const outages: Record<string, Trouble> = {}
  const cooling: Record<string, number> = {}
  const stuck: Record<string, { sinceMs: number; told: boolean }> = {}

  for (const sight of sights) {
    const { deployment: id, failures, requests, circuit, openUntilMs: untilMs, openBecause: because } = sight
    const known = before.outages[id]
    const isWell = failures === 0 && circuit === 'closed'
    const trouble = nextTrouble(known, failures, isWell, rules, nowMs)
    if (trouble) outages[id] = trouble
    const level = changeOf(known, trouble)
    if (level) {
      const sinceMs = (trouble ?? known)?.sinceMs ?? nowMs
      const facts = { kind: 'outage' as const, ...aboutOf(sight), level, failures, requests, sinceMs }
      alerts.push({ id: `outage:${id}:${sinceMs}:${level}`, type: 'outage_alerts', facts })
    }

    if (circuit !== 'closed') {
      const sinceMs = before.cooling[id]
      cooling[id] = sinceMs ?? nowMs
      if (sinceMs === undefined) {
        const facts = { kind: 'cooldown' as const, ...aboutOf(sight), untilMs, because }
        alerts.push({ id: `cooldown:${id}:${nowMs}`, type: 'cooldown_deployment', facts })
      }
    }

    if (sight.inFlight > 0 && requests === 0) {
      const { sinceMs, told } = before.stuck[id] ?? { sinceMs: nowMs, told: false }
      const hangs = nowMs - sinceMs >= rules.slowMs
      stuck[id] = { sinceMs, told: told || hangs }
      if (hangs && !told) {
        const facts = { kind: 'hanging' as const, ...aboutOf(sight), count: sight.inFlight, thresholdMs: rules.slowMs }
        alerts.push({ id: `hanging:${id}:${sinceMs}`, type: 'llm_requests_hanging', facts })
      }
    }
  }
  const regional = regionAlerts(before.regions, sights, rules, nowMs)
  return {
    alerts: [...alerts, ...regional.alerts],
    after: { outages, regions: regional.regions, cooling, stuck },
  }
}

/** Failures of a vendor's region together, where more than one deployment has some. */
function regionAlerts(before: Watched['regions'], sights: readonly Sight[], rules: Rules, nowMs: number) {
  const alerts: Alert[] = []
  const regions: Record<string, Trouble> = {}
  const byRegion = Map.groupBy(
    sights.filter(({ region }) => region !== null),
    ({ provider, region }) => `${provider}/${region}`,
  )
  for (const [id, those] of byRegion) {
    const failing = those.filter(({ failures }) => failures > 0)
    const failures = failing.reduce((sum, one) => sum + one.failures, 0)
    const known = before[id]
    const counted = failing.length > 1 ? failures : 0
    const trouble = nextTrouble(known, counted, failing.length === 0, rules, nowMs)
    if (trouble) regions[id] = trouble
    const level = changeOf(known, trouble)
    const [one] = those
    if (!level || !one) continue
    const sinceMs = (trouble ?? known)?.sinceMs ?? nowMs
    const { provider, region } = one
    const deployments = failing.map(({ deployment }) => deployment)
    const facts = { kind: 'region' as const, level, provider, region: region ?? '', deployments, failures, sinceMs }
    alerts.push({ id: `region:${id}:${sinceMs}:${level}`, type: 'region_outage_alerts', facts })
  }
  return { alerts, regions }
}

function nextTrouble(
  known: Trouble | undefined,
  failures: number,
  isWell: boolean,
  { minorErrors, majorErrors }: Rules,
  nowMs: number,
): Trouble | undefined {
  const level: Outage | undefined = failures >= majorErrors ? 'major' : failures >= minorErrors ? 'minor' : undefined
  if (!known) return level && { level, sinceMs: nowMs }
  if (isWell) return undefined
  return level === 'major' && known.level === 'minor' ? { ...known, level } : known
}

function changeOf(before: Trouble | undefined, after: Trouble | undefined): Outage | 'resolved' | undefined {
  if (!after) return before && 'resolved'
  return before?.level === after.level ? undefined : after.level
}

function aboutOf({ group, deployment, provider, model }: Sight): About {
  return { group, deployment, provider, model }
}
