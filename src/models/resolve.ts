import type { Config, Deployment } from '../config/config.ts'
import { knownModel } from '../config/known-models.ts'
import type { Overlay } from '../config/laid-over.ts'
import { providers } from '../providers/registry.ts'
import type { Fields, Stored, StoredCredential, StoredModel } from './port.ts'
import { type Resolved, resolveDeployment } from './row/deployment.ts'
import { type ModelRow, modelRow } from './row/model-list.ts'
import { isReference } from './row/secrets.ts'
import { withSettings } from './settings.ts'

export type Checked =
  | { readonly ok: true; readonly row: ModelRow }
  | { readonly ok: false; readonly path: string; readonly message: string }

/** Whether a row is one that `config.yaml` could have, and refers to no secret of the gateway's own. */
export function checkedRow(value: unknown, built: Config): Checked {
  const parsed = modelRow.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const path = issue?.path.map(String).join('.') ?? ''
    return { ok: false, path, message: `${path}: expected ${issue?.message ?? 'something else'}` }
  }
  const name = ownVariables(built).find((one) => JSON.stringify(value).includes(`"os.environ/${one}"`))
  if (name === undefined) return { ok: true, row: parsed.data }
  return {
    ok: false,
    path: 'litellm_params',
    message: `litellm_params: os.environ/${name} is a secret of the gateway itself and is sent to no vendor. Refer to another variable.`,
  }
}

/** Who may write models is not thereby told the master key, or where the database is. */
function ownVariables({ general }: Config): readonly string[] {
  const { masterKey, databaseUrl, redisUrl, redisToken, saltKey } = general
  const own = [masterKey, databaseUrl, redisUrl, redisToken, saltKey]
  return [...own.flatMap((text) => (typeof text === 'object' ? [text.env] : [])), PREVIOUS_SALT]
}

/** Opens what was sealed before `LITELLM_SALT_KEY` changed, until it is written anew. */
export const PREVIOUS_SALT = 'LITELLM_SALT_KEY_PREVIOUS'

/** The values that a credential brings; what the row says itself goes before them. */
export function withCredential(params: Fields, credentials: ReadonlyMap<string, StoredCredential>): Fields {
  const name = params.litellm_credential_name
  const values = typeof name === 'string' ? credentials.get(name)?.secret : undefined
  return values ? { ...values, ...params } : params
}

/** A row as a deployment, with the list prices of the vendors that the build carries. */
export function deploymentOf(row: ModelRow, id: string, built: Config): Resolved {
  const families = (provider: string) => built.knownModels?.[provider]
  return resolveDeployment(row, id, {
    vendors: providers,
    lookup: (provider, model) => knownModel(families(provider), model),
    families,
  })
}

/** The stored rows as what is laid over the built config. A row that cannot be used stays, disabled, with the reason. */
export function overlayOf({ rows }: Pick<Stored, 'rows'>, built: Config): Overlay {
  const credentials = new Map(rows.flatMap((row) => (row.kind === 'credential' ? [[row.id, row] as const] : [])))
  return {
    deployments: rows.flatMap((row) => (row.kind === 'model' ? [storedDeployment(row, credentials, built)] : [])),
    settings: (config) =>
      withSettings(
        config,
        rows.flatMap((row) => (row.kind === 'setting' ? [[row.id, row.value] as const] : [])),
      ),
    accessGroups: rows.flatMap((row) => (row.kind === 'access_group' ? [{ name: row.id, models: row.models }] : [])),
  }
}

export const SALT_LOST = `its secrets were sealed with a salt key that is not known here: set that key as ${PREVIOUS_SALT}, or write the row anew`

function storedDeployment(
  model: StoredModel,
  credentials: ReadonlyMap<string, StoredCredential>,
  built: Config,
): Deployment {
  const disabled = (reason: string): Deployment => ({
    id: model.id,
    group: model.group,
    provider: '',
    model: '',
    params: {},
    mode: 'chat',
    disabled: reason,
  })
  if (model.secret === undefined) return disabled(SALT_LOST)
  const name = model.secret.litellm_credential_name
  if (typeof name === 'string') {
    const credential = credentials.get(name)
    if (!credential) return disabled(`there is no credential '${name}'`)
    if (credential.secret === undefined) return disabled(`the credential '${name}': ${SALT_LOST}`)
  }
  const checked = checkedRow(
    {
      model_name: model.group,
      litellm_params: withCredential(model.secret, credentials),
      model_info: { ...model.info, id: model.id },
    },
    built,
  )
  return checked.ok ? deploymentOf(checked.row, model.id, built).deployment : disabled(checked.message)
}

/** Values of `litellm_params` as they may be shown: what names or looks like a secret is not, nor what is not known. */
export function masked(params: Fields, isSecret: (path: readonly string[], value: string) => boolean): Fields {
  const shown = (value: Fields[string], path: readonly string[]): Fields[string] => {
    if (typeof value === 'string') return isSecret(path, value) && !isReference(value) ? '********' : value
    if (Array.isArray(value)) return value.map((inner: Fields[string]) => shown(inner, path))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner, [...path, key])]))
  }
  return shown(params, []) as Fields
}
