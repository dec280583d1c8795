import type { Deployment } from '../config/config.ts'

/** Names that AWS, Google and Azure give to regions inside the European Union; London and Zurich are not. */
const EU =
  /^(eu|eu-(north|west|south|central)-\d|europe-[a-z]+\d+|(north|west)europe|(france|germany|germanywest|sweden|italy|poland|spain|austria|belgium|denmark)(central|south|north|east))$/
const NOT_EU = /^(eu-west-2|eu-central-2|europe-west2|europe-west6)$/
const US = /^(us|us-.+|(north|south|west)?centralus\d?|(east|west)us\d?)$/

/** Why a deployment does not answer from where the answer must come from. One whose place nobody knows does not. */
export function regionBars(deployment: Deployment, required: string): string | undefined {
  const wanted = required.toLowerCase()
  const region = regionOf(deployment)
  if (region === undefined)
    return `nobody knows its region, and ${required} is required (set litellm_params.region_name)`
  return region === wanted || areaOf(region) === wanted
    ? undefined
    : `its region is ${region}, and ${required} is required`
}

/** Where a deployment answers from, as far as its row tells. */
export function regionOf({ regionName, aws, vertex }: Deployment): string | undefined {
  return [regionName, aws?.region, vertex?.location].find((one) => typeof one === 'string')?.toLowerCase()
}

function areaOf(region: string): 'eu' | 'us' | undefined {
  if (EU.test(region) && !NOT_EU.test(region)) return 'eu'
  return US.test(region) ? 'us' : undefined
}
