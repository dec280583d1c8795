import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'

/** Whole nano-USD. */
const nano = (name: string) => bigint(name, { mode: 'bigint' })
const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const timestamps = customType<{ data: Date[]; driverData: string }>({
  dataType: () => 'timestamptz[]',
  // The driver leaves times as PostgreSQL wrote them: {"2026-01-01 00:00:00+00",…}.
  fromDriver: (text) => [...text.matchAll(/[^{},"]+/g)].map(([moment]) => new Date(moment)),
})
const booleans = customType<{ data: boolean[]; driverData: string }>({ dataType: () => 'boolean[]' })

const written = {
  created_at: at('created_at').notNull().defaultNow(),
  updated_at: at('updated_at').notNull().defaultNow(),
  created_by: text('created_by'),
  updated_by: text('updated_by'),
}

type PerModel = Record<string, number>

/** Rates and slots: of an entity, or of a template for those entities that have none of their own. */
const rates = {
  rpm_limit: integer('rpm_limit'),
  tpm_limit: bigint('tpm_limit', { mode: 'number' }),
  max_parallel_requests: integer('max_parallel_requests'),
  soft_budget_nano: nano('soft_budget_nano'),
}

/** What every entity with limits has; its money limits are rows of `budget`. */
const limited = {
  ...rates,
  models: text('models').array().notNull().default(sql`'{}'`),
  metadata: jsonb('metadata').$type<Record<string, unknown>>().notNull().default({}),
  model_rpm_limit: jsonb('model_rpm_limit').$type<PerModel>(),
  model_tpm_limit: jsonb('model_tpm_limit').$type<PerModel>(),
  rpm_limit_type: text('rpm_limit_type'),
  tpm_limit_type: text('tpm_limit_type'),
  /** The template that its rates and its budgets come from where it has none of its own. */
  budget_id: text('budget_id').references(() => budgetTemplate.budget_id),
  blocked: boolean('blocked').notNull().default(false),
  ...written,
}

/** Limits by name, for entities to share the definition of, not the money. */
export const budgetTemplate = pgTable('budget_template', {
  budget_id: text('budget_id').primaryKey(),
  max_budget_nano: nano('max_budget_nano'),
  budget_duration: text('budget_duration'),
  time_zone: text('time_zone').notNull().default('UTC'),
  anchor: at('anchor').notNull().defaultNow(),
  /** `{model: {budget_limit, time_period}}`, in dollars as the admin wrote it. */
  model_max_budget: jsonb('model_max_budget').$type<Record<string, unknown>>(),
  ...rates,
  ...written,
})

export const organization = pgTable(
  'organization',
  {
    organization_id: text('organization_id').primaryKey(),
    organization_alias: text('organization_alias').notNull(),
    ...limited,
  },
  (t) => [
    index('organization_budget').on(t.budget_id),
    index('organization_created').on(t.created_at, t.organization_id),
  ],
)

export const team = pgTable(
  'team',
  {
    team_id: text('team_id').primaryKey(),
    team_alias: text('team_alias'),
    organization_id: text('organization_id').references(() => organization.organization_id),
    /** What new members get. */
    member_budget_id: text('member_budget_id').references(() => budgetTemplate.budget_id),
    /** Other names for models. */
    model_aliases: jsonb('model_aliases').$type<Record<string, string>>(),
    /** The routes that members may call on their own keys in the team. */
    member_permissions: text('member_permissions').array().notNull().default(sql`'{}'`),
    ...limited,
  },
  (t) => [
    index('team_organization').on(t.organization_id),
    index('team_budget').on(t.budget_id),
    index('team_created').on(t.created_at, t.team_id),
  ],
)

/** `id` never changes and names scopes, ledgers and rows; `token` is the SHA-256 hex of the key, like LiteLLM's. */
export const virtualKey = pgTable(
  'virtual_key',
  {
    id: text('id').primaryKey(),
    token: text('token').notNull().unique(),
    key_name: text('key_name').notNull(),
    key_alias: text('key_alias').unique(),
    user_id: text('user_id'),
    team_id: text('team_id').references(() => team.team_id),
    organization_id: text('organization_id').references(() => organization.organization_id),
    expires: at('expires'),
    /** Other names for models. */
    aliases: jsonb('aliases').$type<Record<string, string>>(),
    /** Paths, their beginnings, or names of groups; none means all. */
    allowed_routes: text('allowed_routes').array().notNull().default(sql`'{}'`),
    ...limited,
  },
  (t) => [
    index('virtual_key_created').on(t.created_at, t.id),
    index('virtual_key_team_created').on(t.team_id, t.created_at, t.id),
    index('virtual_key_organization_created').on(t.organization_id, t.created_at, t.id),
    index('virtual_key_user_created').on(t.user_id, t.created_at, t.id),
    index('virtual_key_budget').on(t.budget_id),
    index('virtual_key_alias_sorted').on(t.key_alias, t.id),
  ],
)

/** Hashes that a key had before it was regenerated, for as long as they are good. */
export const previousToken = pgTable(
  'previous_token',
  {
    token: text('token').primaryKey(),
    key_id: text('key_id')
      .notNull()
      .references(() => virtualKey.id, { onDelete: 'cascade' }),
    expires: at('expires').notNull(),
  },
  (t) => [index('previous_token_key').on(t.key_id), index('previous_token_expires').on(t.expires)],
)

/** A person or a service that keys belong to. Keys may name one that has no row. */
export const internalUser = pgTable(
  'internal_user',
  {
    user_id: text('user_id').primaryKey(),
    user_alias: text('user_alias'),
    user_email: text('user_email').unique(),
    user_role: text('user_role').notNull().default('internal_user'),
    ...limited,
  },
  (t) => [
    index('internal_user_budget').on(t.budget_id),
    index('internal_user_created').on(t.created_at, t.user_id),
    index('internal_user_email_sorted').on(t.user_email, t.user_id),
  ],
)

/** A user in a team, with what the user may spend there. */
export const teamMembership = pgTable(
  'team_membership',
  {
    team_id: text('team_id')
      .notNull()
      .references(() => team.team_id),
    user_id: text('user_id')
      .notNull()
      .references(() => internalUser.user_id),
    role: text('role').notNull().default('user'),
    ...limited,
  },
  (t) => [
    primaryKey({ columns: [t.team_id, t.user_id] }),
    index('team_membership_user').on(t.user_id),
    index('team_membership_budget').on(t.budget_id),
  ],
)

/** What people are in an organization. */
export const organizationMembership = pgTable(
  'organization_membership',
  {
    organization_id: text('organization_id')
      .notNull()
      .references(() => organization.organization_id, { onDelete: 'cascade' }),
    user_id: text('user_id')
      .notNull()
      .references(() => internalUser.user_id, { onDelete: 'cascade' }),
    role: text('role').notNull().default('internal_user'),
    ...written,
  },
  (t) => [primaryKey({ columns: [t.organization_id, t.user_id] }), index('organization_membership_user').on(t.user_id)],
)

/** Whom a caller serves: LiteLLM's end user. */
export const customer = pgTable(
  'customer',
  {
    user_id: text('user_id').primaryKey(),
    alias: text('alias'),
    allowed_model_region: text('allowed_model_region'),
    ...limited,
  },
  (t) => [index('customer_budget').on(t.budget_id), index('customer_created').on(t.created_at, t.user_id)],
)

export const tag = pgTable(
  'tag',
  {
    name: text('name').primaryKey(),
    description: text('description'),
    ...limited,
  },
  (t) => [index('tag_budget').on(t.budget_id)],
)

/** What was deleted, as it was: for the operator, nothing reads it. */
export const archivedEntity = pgTable(
  'archived_entity',
  {
    /** `key:0192…`. */
    entity: text('entity').notNull(),
    deleted_at: at('deleted_at').notNull().defaultNow(),
    deleted_by: text('deleted_by'),
    row: jsonb('row').notNull(),
  },
  (t) => [primaryKey({ columns: [t.entity, t.deleted_at] })],
)

/** What admins changed; triggers write it (`migrations/0032_audit.sql`). `before` and `after` have what is different. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: text('id').notNull().unique().default(sql`gen_random_uuid()::text`),
    at: at('at').notNull().defaultNow(),
    tx: text('tx').notNull().default(sql`pg_current_xact_id()::text`),
    action: text('action').notNull(),
    kind: text('kind').notNull(),
    object_id: text('object_id').notNull(),
    /** A key's hash. */
    token: text('token'),
    team_id: text('team_id'),
    before: jsonb('before').$type<Record<string, unknown>>(),
    after: jsonb('after').$type<Record<string, unknown>>(),
    changed_by: text('changed_by').notNull(),
    /** The hash of the key that asked; `master`. */
    changed_by_key: text('changed_by_key'),
    user_id: text('user_id'),
    role: text('role'),
    route: text('route'),
    request_id: text('request_id'),
    ip: text('ip'),
    user_agent: text('user_agent'),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.object_id, t.at, t.tx] }),
    index('audit_log_at').on(t.at, t.id),
    index('audit_log_request').on(t.request_id),
    index('audit_log_object').on(t.object_id, t.at),
    index('audit_log_token').on(t.token, t.at),
    index('audit_log_team').on(t.team_id, t.at),
    index('audit_log_changed_by').on(t.changed_by, t.at),
    index('audit_log_changed_by_key').on(t.changed_by_key, t.at),
  ],
)

/** People who were deleted and whose traces are still to be made nobody's. */
export const erasure = pgTable('erasure', {
  user_id: text('user_id').primaryKey(),
  pseudonym: text('pseudonym').notNull().default(sql`'erased-' || gen_random_uuid()`),
  /** What else they were called. */
  names: text('names').array().notNull().default(sql`'{}'`),
  requested_at: at('requested_at').notNull().defaultNow(),
  audited_at: at('audited_at'),
})

/** Requests that said an `Idempotency-Key`: in hand until `lease_until`, or answered. */
export const idempotentRequest = pgTable(
  'idempotent_request',
  {
    /** A hash of the caller, the path and the caller's key. */
    name: text('name').primaryKey(),
    /** A hash of what was asked. */
    fingerprint: text('fingerprint').notNull(),
    attempt: text('attempt').notNull(),
    lease_until: at('lease_until').notNull(),
    finished_at: at('finished_at'),
    /** Names the key that the answer was sealed with; null where no answer is kept. */
    key_id: text('key_id'),
    sealed: text('sealed'),
    expires_at: at('expires_at').notNull(),
  },
  (t) => [index('idempotent_request_expires').on(t.expires_at)],
)

/** The one place of a limit. A window is a row of its own; nothing resets anything (slices.md). */
export const budget = pgTable(
  'budget',
  {
    scope: text('scope').primaryKey(),
    /** `key:0192…`: whose budget it is. */
    entity: text('entity').notNull(),
    /** `main` is `max_budget`, `window` one of `budget_limits`, `model` one of `model_max_budget`, `file` what `config.yaml` says. */
    part: text('part').notNull().default('main'),
    model: text('model'),
    limit_nano: nano('limit_nano').notNull(),
    /** Added to the limit until `extra_until`. */
    extra_nano: nano('extra_nano').notNull().default(sql`0`),
    extra_until: at('extra_until'),
    /** LiteLLM's grammar, or `life`. */
    duration: text('duration').notNull(),
    time_zone: text('time_zone').notNull().default('UTC'),
    anchor: at('anchor').notNull().defaultNow(),
  },
  (t) => [index('budget_entity').on(t.entity)],
)

export const budgetWindow = pgTable(
  'budget_window',
  {
    scope: text('scope').notNull(),
    window_start: at('window_start').notNull(),
    spent: nano('spent').notNull().default(sql`0`),
    leased: nano('leased').notNull().default(sql`0`),
    requests: bigint('requests', { mode: 'number' }).notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.scope, t.window_start] }), check('budget_window_leased', sql`${t.leased} >= 0`)],
)

export const budgetLease = pgTable(
  'budget_lease',
  {
    scope: text('scope').notNull(),
    window_start: at('window_start').notNull(),
    ledger: text('ledger').notNull(),
    granted: nano('granted').notNull().default(sql`0`),
    returned: nano('returned').notNull().default(sql`0`),
    charged: nano('charged').notNull().default(sql`0`),
    seq: bigint('seq', { mode: 'number' }).notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.scope, t.window_start, t.ledger] }),
    check('budget_lease_totals', sql`${t.granted} >= ${t.returned} + ${t.charged}`),
  ],
)

/** Partitioned by day; the day is derived from the UUIDv7 in the id. `kind`: request, expired, reset, carry. */
export const spendLog = pgTable(
  'spend_log',
  {
    day: date('day', { mode: 'string' }).notNull(),
    id: text('id').notNull(),
    kind: text('kind').notNull().default('request'),
    request_id: text('request_id'),
    ledger: text('ledger'),
    grant_id: text('grant_id'),
    single: boolean('single').notNull().default(true),
    hold_nano: nano('hold_nano').notNull().default(sql`0`),
    cost_nano: nano('cost_nano').notNull(),
    scopes: text('scopes').array().notNull(),
    windows: timestamps('windows').notNull(),
    covered: booleans('covered').notNull(),
    overrun: boolean('overrun').notNull().default(false),
    call_type: text('call_type').notNull().default(''),
    status: text('status').notNull().default('success'),
    key_id: text('key_id'),
    api_key: text('api_key'),
    key_alias: text('key_alias'),
    user: text('user'),
    team_id: text('team_id'),
    organization_id: text('organization_id'),
    end_user: text('end_user'),
    model: text('model'),
    model_group: text('model_group'),
    model_id: text('model_id'),
    custom_llm_provider: text('custom_llm_provider'),
    api_base: text('api_base'),
    dialect: text('dialect'),
    stream: boolean('stream'),
    usage: jsonb('usage').$type<Readonly<Record<string, number | string>>>(),
    prompt_tokens: bigint('prompt_tokens', { mode: 'number' }).notNull().default(0),
    completion_tokens: bigint('completion_tokens', { mode: 'number' }).notNull().default(0),
    total_tokens: bigint('total_tokens', { mode: 'number' }).notNull().default(0),
    usage_estimated: boolean('usage_estimated').notNull().default(false),
    price_version: text('price_version'),
    start_time: at('start_time').notNull(),
    first_token_time: at('first_token_time'),
    end_time: at('end_time').notNull(),
    cache_hit: boolean('cache_hit').notNull().default(false),
    /** What it would have cost without the cache. */
    saved_nano: nano('saved_nano').notNull().default(sql`0`),
    http_status: integer('http_status'),
    error_type: text('error_type'),
    error_message: text('error_message'),
    request_tags: text('request_tags').array().notNull().default(sql`'{}'`),
    /** How the cost came about, the session, and what the request said for its log; null where there is nothing of it. */
    told: jsonb('told').$type<Readonly<Record<string, unknown>>>(),
  },
  (t) => [
    primaryKey({ columns: [t.day, t.id] }),
    index('spend_log_grant').on(t.grant_id),
    index('spend_log_key').on(t.api_key, t.day),
    index('spend_log_team').on(t.team_id, t.day),
    index('spend_log_user').on(t.user, t.day),
    index('spend_log_other').on(t.kind, t.day).where(sql`kind <> 'request'`),
    index('spend_log_request').on(t.request_id),
    index('spend_log_rate_limited').on(t.day, t.model_group, t.api_base).where(sql`http_status = 429`),
    index('spend_log_cached').on(t.day, t.key_id, t.call_type, t.model).where(sql`cache_hit`),
    index('spend_log_time')
      .on(t.start_time.desc(), t.id.desc(), t.day)
      .where(sql`kind <> 'carry' and (kind = 'request' or cost_nano <> 0)`),
  ],
)

/** The log added up per UTC day, in the statement that records it (migrations/0044). Kept when the log's days are dropped. */
export const spendDaily = pgTable(
  'spend_daily',
  {
    /** `all` (entity ''), user, team, organization, customer or tag. */
    kind: text('kind').notNull(),
    entity: text('entity').notNull(),
    day: date('day', { mode: 'string' }).notNull(),
    key_id: text('key_id').notNull(),
    model: text('model').notNull(),
    model_group: text('model_group').notNull(),
    provider: text('provider').notNull(),
    cost_nano: nano('cost_nano').notNull(),
    saved_nano: nano('saved_nano').notNull(),
    prompt_tokens: bigint('prompt_tokens', { mode: 'number' }).notNull(),
    completion_tokens: bigint('completion_tokens', { mode: 'number' }).notNull(),
    cache_read_tokens: bigint('cache_read_tokens', { mode: 'number' }).notNull(),
    cache_write_tokens: bigint('cache_write_tokens', { mode: 'number' }).notNull(),
    total_tokens: bigint('total_tokens', { mode: 'number' }).notNull(),
    requests: bigint('requests', { mode: 'number' }).notNull(),
    successes: bigint('successes', { mode: 'number' }).notNull(),
    failures: bigint('failures', { mode: 'number' }).notNull(),
    cache_hits: bigint('cache_hits', { mode: 'number' }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.kind, t.entity, t.day, t.key_id, t.model, t.model_group, t.provider] }),
    // And by key and day where `kind` is `all`: an index of that partition alone.
    index('spend_daily_day').on(t.day),
  ],
)

/** What the queue gave up, kept whole until `npm run spend:replay` brings it home. */
export const deadLetter = pgTable('dead_letter', {
  id: text('id').primaryKey(),
  queue: text('queue').notNull(),
  body: jsonb('body').notNull(),
  error: text('error'),
  received_at: at('received_at').notNull().defaultNow(),
  replayed_at: at('replayed_at'),
})

/** Responses that their owners asked to be kept, sealed with the operator's salt key. */
export const storedResponse = pgTable(
  'stored_response',
  {
    /** `team:id`, else `key:id`. */
    owner: text('owner').notNull(),
    id: text('id').notNull(),
    /** Names the key that it was sealed with. */
    key_id: text('key_id').notNull(),
    sealed: text('sealed').notNull(),
    created_at: at('created_at').notNull().defaultNow(),
    expires_at: at('expires_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.owner, t.id] }), index('stored_response_expires').on(t.expires_at)],
)

/** What admins laid over the built config: models, credentials, access groups. Secrets are sealed with the salt key. */
export const storedConfig = pgTable(
  'stored_config',
  {
    kind: text('kind').notNull(),
    id: text('id').notNull(),
    open: jsonb('open').notNull(),
    key_id: text('key_id'),
    sealed: text('sealed'),
    created_at: at('created_at').notNull().defaultNow(),
    updated_at: at('updated_at').notNull().defaultNow(),
    created_by: text('created_by').notNull(),
    updated_by: text('updated_by').notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.id] })],
)

/** What the lists say of which stored_config has the rows; of the latest few. */
export const priceList = pgTable('price_list', {
  id: text('id').primaryKey(),
  prices: jsonb('prices').notNull(),
})

/** Small named values. The row `generation` is raised in the statement of every admin write (DESIGN §4). */
export const setting = pgTable('setting', {
  name: text('name').primaryKey(),
  value: jsonb('value').notNull(),
  updated_at: at('updated_at').notNull().defaultNow(),
})

/** What came of asking deployments beside their traffic. */
export const healthCheck = pgTable(
  'health_check',
  {
    id: text('id').primaryKey(),
    at: at('at').notNull(),
    model_group: text('model_group').notNull(),
    deployment_id: text('deployment_id').notNull(),
    provider: text('provider').notNull(),
    model: text('model').notNull(),
    ok: boolean('ok').notNull(),
    latency_ms: integer('latency_ms').notNull(),
    cost_nano: nano('cost_nano').notNull(),
    error: text('error'),
    by: text('by').notNull(),
  },
  (t) => [index('health_check_deployment').on(t.deployment_id, t.at.desc()), index('health_check_at').on(t.at)],
)

/** When each deployment was last asked for its health, or is being asked. */
export const healthAsked = pgTable('health_asked', {
  deployment_id: text('deployment_id').primaryKey(),
  asked_at: at('asked_at').notNull(),
})

/** What was noticed, once for each receiver: waits here until it is told. Without a receiver it is only remembered. */
export const alert = pgTable(
  'alert',
  {
    id: text('id').notNull(),
    receiver: text('receiver').notNull(),
    type: text('type').notNull(),
    facts: jsonb('facts').notNull(),
    raised_at: at('raised_at').notNull(),
    due_at: at('due_at').notNull(),
    claimed_until: at('claimed_until'),
    attempts: integer('attempts').notNull().default(0),
    sent_at: at('sent_at'),
    error: text('error'),
  },
  (t) => [primaryKey({ columns: [t.id, t.receiver] }), index('alert_due').on(t.due_at).where(sql`sent_at is null`)],
)

/** Files and batches that callers keep in the operator's accounts at vendors (migrations/0041). */
export const vendorObject = pgTable(
  'vendor_object',
  {
    vendor: text('vendor').notNull(),
    id: text('id').notNull(),
    /** `file`, `batch`, or `other`. */
    kind: text('kind').notNull(),
    /** `team:id`, else `key:id`. */
    owner: text('owner').notNull(),
    /** What the vendor last said of it. */
    said: jsonb('said').notNull(),
    /** Of a file: the batch whose results it holds. */
    batch: text('batch'),
    /** Of a batch: its row of the spend log as it began. */
    opening: jsonb('opening'),
    created_at: at('created_at').notNull(),
    charged_at: at('charged_at'),
  },
  (t) => [
    primaryKey({ columns: [t.vendor, t.id] }),
    index('vendor_object_owner').on(t.owner, t.kind, t.created_at.desc()),
    index('vendor_object_open').on(t.created_at).where(sql`opening is not null and charged_at is null`),
  ],
)
