import { GatewayError } from '../errors.ts'

type Fields = Readonly<Record<string, unknown>>

const HEADER = 'x-litellm-spend-logs-metadata'
/** As JSON. It is in every row of the request, and in what every sink is told. */
const LONGEST = 4_096

/** What a request says for its spend log alone: LiteLLM's `metadata.spend_logs_metadata`, or its header with the same as JSON. */
export function logsMetadata(body: Fields, headers: Headers): Fields | undefined {
  const { said } = read(body, headers)
  return said
}

/** Throws `invalid_request` for what is no object, or too much to keep: nothing of it may be lost silently. */
export function checkLogsMetadata(body: Fields, headers: Headers): void {
  const { param, fault } = read(body, headers)
  if (fault !== undefined && param !== undefined)
    throw new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}

interface Read {
  readonly said?: Fields
  readonly param?: string
  readonly fault?: string
}

const NOTHING: Read = {}

function read(body: Fields, headers: Headers): Read {
  const inBody = within(body.metadata) ?? within(body.litellm_metadata)
  const inHeader = inBody === undefined ? headers.get(HEADER) : null
  if (inBody === undefined && inHeader === null) return NOTHING
  const param = inHeader === null ? 'metadata.spend_logs_metadata' : HEADER
  const said = inHeader === null ? inBody : parsed(inHeader)
  if (!isFields(said)) return { param, fault: 'must be an object of what the spend log should keep' }
  if (JSON.stringify(said).length > LONGEST) return { param, fault: `must be at most ${LONGEST} characters as JSON` }
  return Object.keys(said).length === 0 ? NOTHING : { said }
}

function within(place: unknown): unknown {
  return isFields(place) ? (place.spend_logs_metadata ?? undefined) : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
