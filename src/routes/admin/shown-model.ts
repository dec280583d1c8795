import type { Capability, Config, Deployment, Text } from '../../config/config.ts'
import type { Fields, StoredModel } from '../../models/port.ts'
import { masked, SALT_LOST } from '../../models/resolve.ts'
import { isLiteralSecret } from '../../models/row/secrets.ts'

/** Secrets of a row, or of a credential, never leave: what is set shows as stars. */
export const hidden = (params: Fields): Fields => masked(params, isLiteralSecret)

/** Everything of a credential is hidden but references, an address, a region and a version. */
const OPEN = /^(api_base|base_url|api_version|aws_region_name|vertex_location|vertex_project|custom_llm_provider)$/
export const hiddenCredential = (values: Fields): Fields =>
  masked(values, (path, value) => isLiteralSecret(path, value) || !OPEN.test(path.at(-1) ?? ''))

const USD_PER_PICO = 1e-12
const usd = (pico: number | undefined) => (pico === undefined ? null : Number((pico * USD_PER_PICO).toPrecision(12)))

const words: Readonly<Record<Capability, string>> = {
  vision: 'supports_vision',
  tools: 'supports_function_calling',
  jsonSchema: 'supports_response_schema',
  audioInput: 'supports_audio_input',
  audioOutput: 'supports_audio_output',
  pdfInput: 'supports_pdf_input',
  reasoning: 'supports_reasoning',
  webSearch: 'supports_web_search',
}

export function abilitiesOf(deployments: readonly Deployment[]): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(words).map(([ability, word]) => [
      word,
      deployments.some(({ supports }) => supports?.[ability as Capability] === true),
    ]),
  )
}

export function pricesOf({ price }: Deployment): Record<string, number | null> {
  return {
    input_cost_per_token: usd(price?.input),
    output_cost_per_token: usd(price?.output),
    cache_read_input_token_cost: usd(price?.cacheRead),
    cache_creation_input_token_cost: usd(price?.cacheWrite),
  }
}

/** One deployment in LiteLLM's words, without its secrets. */
export function shownModel(one: Deployment, stored: StoredModel | undefined): Record<string, unknown> {
  return {
    model_name: one.group,
    litellm_params: stored ? (stored.secret ? hidden(stored.secret) : null) : paramsOf(one),
    model_info: {
      ...stored?.info,
      id: one.id,
      db_model: stored !== undefined,
      mode: one.mode,
      litellm_provider: one.provider,
      key: one.model,
      max_tokens: one.maxOutputTokens ?? null,
      max_input_tokens: one.maxInputTokens ?? null,
      max_output_tokens: one.maxOutputTokens ?? null,
      ...pricesOf(one),
      ...abilitiesOf([one]),
      access_groups: one.accessGroups ?? [],
      team_id: one.teamId ?? null,
      team_public_model_name: one.teamModelName ?? null,
      ...(one.disabled === undefined ? {} : { disabled: one.disabled }),
      ...(stored && {
        created_at: new Date(stored.createdAtMs).toISOString(),
        created_by: stored.createdBy,
        updated_at: new Date(stored.updatedAtMs).toISOString(),
        updated_by: stored.updatedBy,
      }),
    },
  }
}

function paramsOf(one: Deployment): Fields {
  const { apiBase, rpm, tpm, weight, order, tags } = one
  return hidden({
    ...one.params,
    model: `${one.provider}/${one.model}`,
    ...(apiBase === undefined ? {} : { api_base: written(apiBase) }),
    ...(rpm === undefined ? {} : { rpm }),
    ...(tpm === undefined ? {} : { tpm }),
    ...(weight === undefined ? {} : { weight }),
    ...(order === undefined ? {} : { order }),
    ...(tags === undefined ? {} : { tags }),
  })
}

function written(text: Text): string {
  return typeof text === 'string' ? text : `os.environ/${text.env}`
}

/** What an admin hears of a row that was written. */
export function shownRow(row: StoredModel): Record<string, unknown> {
  return {
    model_id: row.id,
    model_name: row.group,
    litellm_params: row.secret ? hidden(row.secret) : SALT_LOST,
    model_info: { ...row.info, id: row.id, db_model: true },
    created_at: new Date(row.createdAtMs).toISOString(),
    created_by: row.createdBy,
    updated_at: new Date(row.updatedAtMs).toISOString(),
    updated_by: row.updatedBy,
  }
}

/** The deployments of each group, in the order of the config. */
export function groupsOf({ deployments }: Config): ReadonlyMap<string, readonly Deployment[]> {
  return Map.groupBy(deployments, ({ group }) => group)
}
