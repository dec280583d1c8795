import type { ChatRequest } from '../dialects/chat.ts'
import { estimateUsage } from '../operations/chat.ts'
import { promptTokens } from '../prices/usage.ts'
import { ruledBy } from '../providers/parameter-rules.ts'
import { regionBars } from '../routing/region.ts'
import type { Principal } from '../tenants/principal.ts'
import { withAccess } from './access.ts'
import type { Candidate } from './candidates.ts'
import type { GatewayDeps } from './deps.ts'
import { groupFor } from './groups.ts'

export interface Count {
  readonly tokens: number
  /** By the vendor itself, or reckoned here from the size of the text. */
  readonly by: 'provider' | 'estimate'
}

/** Longer than a count is worth waiting for: then it is estimated. */
const PATIENCE_MS = 5_000

/**
 * How many tokens a request has, without asking it. It costs nothing and takes nothing, but whoever may not use the model
 * may not count with it. The vendor counts where it can; where it cannot, or fails, the count is an estimate.
 */
export async function countTokens(
  request: ChatRequest,
  { principal, signal }: { readonly principal: Principal; readonly signal: AbortSignal },
  deps: GatewayDeps,
): Promise<Count> {
  const { candidates } = groupFor(request.model, principal, deps)
  const { region } = principal
  const counter = candidates.find(
    ({ provider, deployment }) =>
      provider.tokenCounter && (region === undefined || regionBars(deployment, region) === undefined),
  )
  const tokens = counter && (await vendorsCount(request, counter, signal, deps))
  if (tokens !== undefined) return { tokens, by: 'provider' }
  return { tokens: promptTokens(estimateUsage(request, 0)), by: 'estimate' }
}

async function vendorsCount(
  asked: ChatRequest,
  candidate: Candidate,
  signal: AbortSignal,
  deps: GatewayDeps,
): Promise<number | undefined> {
  const { tokenCounter } = candidate.provider
  if (!tokenCounter) return undefined
  try {
    const { request, target: known } = ruledBy(asked, candidate.target)
    const target = known.tokenSource ? await withAccess(known, known.tokenSource, deps) : known
    const { url, method, headers, body } = tokenCounter.count(request, target)
    const response = await deps.fetch(url, {
      method,
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    })
    const text = await response.text()
    return response.ok ? tokenCounter.counted(JSON.parse(text)) : undefined
  } catch {
    return undefined
  }
}
