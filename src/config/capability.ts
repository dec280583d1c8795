/** What brings the capabilities that are known and not there yet, in the order in which they come. */
export const milestones = {
  ledger: 'milestone 3, the full ledger',
  routing: 'milestone 4, routing',
  cache: 'milestone 5, cache',
  tenants: 'milestone 6, tenants and administration',
  signals: 'milestone 7, spend, signals and alerts',
  operations: 'milestone 8, the other operations',
  unplanned: 'no milestone plans it',
} as const

export type Milestone = keyof typeof milestones
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

/**
 * One capability that is not there yet, with every name that asks for it. When it comes, its row goes (or shrinks):
 * this table is the only place where a name is known to be inactive.
 */
export interface Capability {
  readonly capability: string
  readonly comes: Milestone
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
