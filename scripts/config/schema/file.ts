import * as z from 'zod'
import {
  anything,
  count,
  mapping,
  mappingOf,
  mappings,
  positive,
  section,
  textOrNumber,
  texts,
} from '../../../src/models/row/kinds.ts'
import { credential, modelRow } from '../../../src/models/row/model-list.ts'
import { generalSettings } from './general-settings.ts'
import { litellmSettings } from './litellm-settings.ts'
import { routerSettings } from './router-settings.ts'

const ms = positive
const scalar = z.union([textOrNumber, z.boolean()], 'a text, a number, or true or false')

/** A whole `config.yaml`: LiteLLM's keys, and ours (`ledger_settings`, `general_settings.total_timeout`, `redis_rest_*`). */
export const configFile = section({
  /** A row that cannot be read leaves an empty place, so that the others keep their index. */
  model_list: z.array(modelRow.optional(), 'a list of models'),
  litellm_settings: litellmSettings,
  general_settings: generalSettings,
  router_settings: routerSettings,
  environment_variables: mappingOf(scalar),
  credential_list: z.array(credential, 'a list of credentials'),
  ledger_settings: section({
    grant_life_ms: ms,
    skew_ms: count,
    horizon_ms: ms,
    exchange_timeout_ms: ms,
    slice_ahead_ms: ms,
    idle_return_ms: ms,
    budget_wait_ms: count,
  }),
  include: texts,
  guardrails: mappings,
  policies: anything,
  prompts: mappings,
  mcp_servers: mapping,
  mcp_tools: mappings,
  vector_store_registry: mappings,
  search_tools: mappings,
  files_settings: mappings,
  finetune_settings: mappings,
  assistant_settings: mapping,
  callback_settings: mapping,
  worker_registry: anything,
})

export type ConfigFile = z.infer<typeof configFile>
