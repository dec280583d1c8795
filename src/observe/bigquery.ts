import { post } from '../channels/post.ts'
import { accessTokenIn } from '../providers/access-token.ts'
import { googleCredentials, googleTokenRequest, signRs256 } from '../providers/google-token.ts'
import type { SpendEvent } from '../spend/event.ts'
import { usdOf } from './payload.ts'
import type { Occasion, Sink } from './sink.ts'

const OURS = 'https://bigquery.googleapis.com'

/**
 * BigQuery's streaming insert (`tabledata.insertAll`) with a service account. The attempt's id is the `insertId`, so
 * what arrives twice within a minute is one row. docs/observability.md has the table.
 */
export const bigquery: Sink = {
  name: 'bigquery',
  settings: {
    project: { variable: 'BIGQUERY_PROJECT_ID' },
    dataset: { variable: 'BIGQUERY_DATASET' },
    table: { variable: 'BIGQUERY_TABLE', otherwise: 'llm_requests' },
    credentials: { variable: 'BIGQUERY_CREDENTIALS_JSON' },
    endpoint: { variable: 'BIGQUERY_ENDPOINT', otherwise: OURS },
  },
  async posts(events, { project = '', dataset = '', table = '', credentials = '', endpoint = '' }, occasion) {
    const token = await tokenOf(credentials, occasion)
    const path = [project, 'datasets', dataset, 'tables', table].map(encodeURIComponent).join('/')
    return [
      {
        url: `${endpoint.replace(/\/+$/, '')}/bigquery/v2/projects/${path}/insertAll`,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({
          skipInvalidRows: false,
          ignoreUnknownValues: true,
          rows: events.map((event) => ({ insertId: event.id, json: rowOf(event) })),
        }),
      },
    ]
  },
  refusedIn({ text }) {
    const count = refusedRows(text)
    return count === 0 ? undefined : `BigQuery refused ${count} rows of a batch`
  },
}

/** A batch is at most a few thousand rows a minute, so a token for each is cheap and nothing has to be kept. */
async function tokenOf(credentials: string, { nowMs, fetch }: Occasion): Promise<string> {
  const asked = googleTokenRequest(googleCredentials(credentials), nowMs / 1000)
  const request =
    asked.kind === 'plain' ? asked.request : asked.request(await signRs256(asked.pkcs8, asked.signingInput))
  const { text } = await post(fetch, { url: request.url, headers: request.headers, body: request.body })
  const found = accessTokenIn(text, nowMs / 1000)
  if ('token' in found) return found.token
  throw new Error('Google gave no access token for BIGQUERY_CREDENTIALS_JSON')
}

function rowOf(event: SpendEvent) {
  return {
    id: event.id,
    request_id: event.request_id,
    call_type: event.call_type,
    status: event.status,
    start_time: new Date(event.start_ms).toISOString(),
    end_time: new Date(event.end_ms).toISOString(),
    first_token_time: event.first_token_ms === null ? null : new Date(event.first_token_ms).toISOString(),
    model: event.model,
    model_group: event.model_group,
    model_id: event.model_id,
    provider: event.custom_llm_provider,
    api_base: event.api_base,
    cost_usd: usdOf(event.cost_nano),
    cost_nano: event.cost_nano,
    prompt_tokens: event.prompt_tokens,
    completion_tokens: event.completion_tokens,
    total_tokens: event.total_tokens,
    cache_hit: event.cache_hit,
    stream: event.stream,
    http_status: event.http_status,
    error_type: event.error_type,
    error_message: event.error_message,
    api_key: event.api_key,
    key_alias: event.key_alias,
    user_id: event.user,
    team_id: event.team_id,
    organization_id: event.organization_id,
    end_user: event.end_user,
    session_id: event.session_id ?? null,
    tags: event.request_tags,
    retries: event.retries ?? 0,
    fallbacks: event.fallbacks ?? 0,
  }
}

function refusedRows(text: string): number {
  try {
    const { insertErrors } = JSON.parse(text) as { insertErrors?: readonly unknown[] }
    return insertErrors?.length ?? 0
  } catch {
    return 0
  }
}
