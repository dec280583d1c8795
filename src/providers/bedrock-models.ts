/** What an operator's model name says: what is asked, and where. */
export interface BedrockModel {
  /** A model, an inference profile or an ARN, as it stands in the URL. */
  readonly id: string
  readonly region?: string
}

const ROUTES = /^(?:converse_like|converse|invoke)\//
const REGION = /^((?:us|eu|ap|sa|ca|me|af|il|mx|cn|us-gov)-[a-z]+-\d)\/(.+)$/

/** `us-west-2/anthropic.claude…`, `converse/…` and ARNs, as LiteLLM's users write them. */
export function bedrockModel(name: string): BedrockModel {
  const routed = name.replace(ROUTES, '')
  const placed = REGION.exec(routed)
  const id = (placed?.[2] ?? routed).replace(ROUTES, '')
  const region = placed?.[1] ?? /^arn:aws[^:]*:[^:]+:([a-z0-9-]+):/.exec(id)?.[1]
  return { id, ...(region !== undefined && { region }) }
}

export type BedrockFamily = 'anthropic' | 'nova' | 'nova-2' | 'gpt-oss' | 'other'

/** Whose words go into `additionalModelRequestFields`. An application's profile does not say: its ARN has a number only. */
export function bedrockFamily(id: string): BedrockFamily {
  if (/anthropic|claude/.test(id)) return 'anthropic'
  if (/amazon\.nova-2|nova-2-/.test(id)) return 'nova-2'
  if (/amazon\.nova/.test(id)) return 'nova'
  return /openai\.gpt-oss/.test(id) ? 'gpt-oss' : 'other'
}

/** Which cache markers a model takes: for an hour too, for five minutes in messages only, or none. */
export type BedrockCaching = 'long' | 'short' | 'none'

/** A marker is a wish that changes no answer, and a model that does not cache refuses the whole request for it. */
export function bedrockCaching(id: string): BedrockCaching {
  const family = bedrockFamily(id)
  if (family === 'anthropic' || /:(?:application-inference-profile|provisioned-model)\//.test(id)) return 'long'
  return family === 'nova' || family === 'nova-2' ? 'short' : 'none'
}

const WITHOUT_SCHEMAS =
  /amazon\.|claude-(?:v2|instant|3)|claude-(?:sonnet|opus)-4-(?:1-)?2025|meta\.|cohere\.|ai21\.|writer\.|mistral\.(?:mistral-7b|mixtral|mistral-(?:small|large)-24)/

/** Models older than structured output answer in a shape only when they are made to call a tool. */
export function knowsSchemas(id: string): boolean {
  return !WITHOUT_SCHEMAS.test(id)
}
