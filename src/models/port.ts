import type { Json } from '../config/config.ts'
import type { Origin } from '../db/author.ts'

export type Fields = { readonly [key: string]: Json }

interface Signed {
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly createdBy: string
  readonly updatedBy: string
}

/** A row of `model_list` that an admin made. */
export interface StoredModel extends Signed {
  readonly kind: 'model'
  readonly id: string
  readonly group: string
  readonly info: Fields
  /** `litellm_params`; undefined where the salt key that sealed them is not known any more. */
  readonly secret: Fields | undefined
}

/** What several rows share to reach their vendor: `litellm_credential_name`. */
export interface StoredCredential extends Signed {
  readonly kind: 'credential'
  readonly id: string
  readonly info: Fields
  readonly secret: Fields | undefined
}

/** A name for several models, for lists of allowed models. */
export interface StoredAccessGroup extends Signed {
  readonly kind: 'access_group'
  readonly id: string
  readonly models: readonly string[]
}

/** A setting that an admin made, over the file's (models/settings.ts). */
export interface StoredSetting extends Signed {
  readonly kind: 'setting'
  /** `router_settings.num_retries`. */
  readonly id: string
  readonly value: Json
}

/** A price list that was read while the gateway ran (models/price-lists.ts). */
export interface StoredPriceList extends Signed {
  readonly kind: 'price_list'
  readonly id: string
  readonly version: string
  readonly source: string
  readonly models: number
  readonly changed: number
}

/** How often such a list is read. */
export interface StoredPriceSchedule extends Signed {
  readonly kind: 'price_schedule'
  readonly id: string
  readonly hours: number
}

export interface SettingChange {
  readonly id: string
  /** Null takes the stored value away. */
  readonly value: Json
}

export interface StoredKinds {
  readonly model: StoredModel
  readonly credential: StoredCredential
  readonly access_group: StoredAccessGroup
  readonly setting: StoredSetting
  readonly price_list: StoredPriceList
  readonly price_schedule: StoredPriceSchedule
}
export type StoredKind = keyof StoredKinds
export type StoredRow = StoredKinds[StoredKind]

/** What a row says, without who wrote it when. */
export type StoredFields<K extends StoredKind> = Omit<StoredKinds[K], keyof Signed>

/** Everything that lies over the built config, as of one moment. */
export interface Stored {
  readonly rows: readonly StoredRow[]
  /** The generation it was read under. */
  readonly generation: number
  readonly readAtMs: number
}

export interface Signature {
  readonly by: string
  readonly nowMs: number
  readonly from?: Origin
}

/** What a change of any of these rows is named in the generation. */
export const CONFIG_NAME = 'config'

/**
 * Models, credentials, access groups and settings that admins made. A write is one statement that also raises the generation, with
 * `config` as what changed; secrets are sealed before they leave here.
 */
export interface ModelStore {
  read(nowMs: number): Promise<Stored>
  /** False when there is one of that id already. */
  create<K extends StoredKind>(fields: StoredFields<K>, signature: Signature): Promise<boolean>
  /** False when there is none. A secret that is undefined stays as it is. */
  replace<K extends StoredKind>(fields: StoredFields<K>, signature: Signature): Promise<boolean>
  /** All of these settings or none, whether there were some before or not. */
  set(changes: readonly SettingChange[], signature: Signature): Promise<void>
  /** False when there was none. */
  remove(kind: StoredKind, id: string, signature: Signature): Promise<boolean>
}
