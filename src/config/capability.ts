export type Area = 'chat' | AdminArea
export type AdminArea =
  | 'admin.key'
  | 'admin.team'
  | 'admin.member'
  | 'admin.organization'
  | 'admin.user'
  | 'admin.customer'
  | 'admin.tag'
  | 'admin.budget'

/** Something that LiteLLM knows and this gateway never does, with every name that asks for it. */
export interface Capability {
  readonly capability: string
  /** The reason, and what to do in its place. */
  readonly never: string
  /** Paths of `config.yaml`; `model_list.*.` stands for every row. */
  readonly config?: readonly string[]
  /** The same, where ignoring the key would let through what it forbids: an error instead of a notice. */
  readonly restricts?: readonly string[]
  /** Fields of a request; `metadata.tags` looks one level into an object. */
  readonly chat?: readonly string[]
  readonly key?: readonly string[]
  readonly team?: readonly string[]
  readonly member?: readonly string[]
  readonly organization?: readonly string[]
  readonly user?: readonly string[]
  readonly customer?: readonly string[]
  readonly tag?: readonly string[]
  readonly budget?: readonly string[]
  /** Values that ask for nothing we do not do already, beside null and what is empty or false. */
  readonly alreadySo?: Readonly<Record<string, (value: unknown) => boolean>>
}

/** One of these values. */
export const is =
  (...values: unknown[]) =>
  (value: unknown) =>
    values.includes(value)

/** An object all of whose lists and maps are empty. */
export const namesNothing = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((one) => one == null || (typeof one === 'object' && Object.keys(one).length === 0))
