import type { Config, Deployment } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Principal } from '../tenants/principal.ts'
import { passThroughVendors } from './pass-through-account.ts'
import { countsAs, mustMayUse } from './pass-through-model.ts'

/**
 * By which model of its vendor a session writes down what is said, as it is called there, and whose prices that has. It is
 * named by its group here or as the vendor does. Throws where the caller may not use it.
 */
export function transcriberFor(
  named: string,
  { provider, principal }: { readonly provider: string; readonly principal: Principal },
  config: Config,
): Deployment {
  const vendor = passThroughVendors.find(({ providers }) => providers.includes(provider))
  if (!vendor)
    throw new GatewayError('invalid_request', 'Its vendor writes nothing down here: leave transcription out.')
  const own = config.deployments.find((one) => one.group === named && vendor.providers.includes(one.provider))
  const asked = { principal, vendor, model: own?.model ?? named }
  mustMayUse(asked, config)
  return countsAs(asked, config)
}
