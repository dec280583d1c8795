import {
  type Behaviour,
  cutCall,
  drops,
  errorBehind200,
  errorInTheMiddle,
  first,
  flapping,
  half,
  late,
  malformed,
  nothing,
  refuses,
  refusesPrefill,
  silent,
  webPage,
  whole,
} from './provider.ts'

export interface Scenario {
  readonly name: string
  /** What the asked deployment does. */
  readonly primary: Behaviour
  /** What its fallback does; none where it is alone. */
  readonly backup?: Behaviour
  /** The answer is whole, or the error clean. */
  readonly ends: 'whole' | 'error'
  /** Where a stream ends otherwise than a plain answer. */
  readonly streamEnds?: 'whole' | 'error'
  /** The most that the first deployment may be asked. */
  readonly most: number
  /** The same where a stream has begun: it is for another to complete. */
  readonly mostStreamed?: number
  /** The least time between two of these. */
  readonly gapMs?: number
  /** The most that its fallback may be asked by one request; once unless said. */
  readonly backupMost?: number
  /** Its fallback is a deployment of the same group, to be asked when this one, with an order before it, fails. */
  readonly sameGroup?: boolean
  readonly onlyStreams?: boolean
  readonly onlyPlain?: boolean
  /** Requests one after the other, this far apart. */
  readonly repeated?: { readonly count: number; readonly everyMs: number }
  /** So many requests at once. */
  readonly together?: number
  /** Its address leads nowhere. */
  readonly nowhere?: boolean
}

const overloaded = { message: 'Overloaded.', type: 'server_error' }
const limited = { message: 'Rate limit reached.', type: 'requests', code: 'rate_limit_exceeded' }
const tooLong = {
  message: "This model's maximum context length is 8192 tokens.",
  type: 'invalid_request_error',
  code: 'context_length_exceeded',
}
const filtered = {
  message: 'The response was filtered due to the content management policy.',
  code: 'content_filter',
}

/** Three tries of one deployment: LiteLLM's `num_retries: 2`. */
const TRIES = 3

/** Everything that goes wrong with vendors, and what their callers may see of it. */
export const scenarios: readonly Scenario[] = [
  { name: 'nothing', primary: whole(), ends: 'whole', most: 1 },
  {
    name: '429-retry-after-once',
    primary: first(1, refuses(429, limited, { 'retry-after': '1' })),
    ends: 'whole',
    most: 2,
    gapMs: 1_000,
  },
  {
    name: '429-retry-after-forever-alone',
    primary: refuses(429, limited, { 'retry-after': '1' }),
    ends: 'error',
    most: TRIES,
    gapMs: 1_000,
  },
  {
    name: '429-retry-after-forever',
    primary: refuses(429, limited, { 'retry-after': '1' }),
    backup: whole(),
    ends: 'whole',
    most: TRIES,
  },
  { name: '429-alone', primary: refuses(429, limited), ends: 'error', most: TRIES },
  { name: '500-once', primary: first(1, refuses(500, overloaded)), ends: 'whole', most: 2 },
  { name: '503-forever', primary: refuses(503, overloaded), backup: whole(), ends: 'whole', most: TRIES },
  { name: '503-forever-alone', primary: refuses(503, overloaded), ends: 'error', most: TRIES },
  {
    name: '503-of-one-of-two',
    primary: refuses(503, overloaded),
    backup: whole(),
    sameGroup: true,
    ends: 'whole',
    most: TRIES,
  },
  { name: '503-under-load', primary: refuses(503, overloaded), ends: 'error', most: 40 + 10 + 10, together: 40 },
  { name: 'reset-before-headers', primary: drops, backup: whole(), ends: 'whole', most: TRIES },
  { name: 'no-answer', primary: silent, backup: whole(), ends: 'whole', most: 1 },
  { name: 'no-answer-alone', primary: silent, ends: 'error', most: TRIES },
  { name: 'first-token-after-20s', primary: late(20_000), backup: whole(), ends: 'whole', most: 1 },
  {
    name: 'cut-in-the-middle',
    primary: half((response) => response.destroy()),
    backup: whole(),
    ends: 'whole',
    most: TRIES,
    mostStreamed: 1,
  },
  {
    name: 'cut-in-the-middle-of-two',
    primary: half((response) => response.destroy()),
    backup: whole(),
    sameGroup: true,
    ends: 'whole',
    most: TRIES,
    mostStreamed: 1,
  },
  { name: 'cut-alone', primary: half((response) => response.destroy()), ends: 'error', most: TRIES, mostStreamed: 1 },
  {
    name: 'cut-in-a-tool-call',
    primary: cutCall,
    backup: whole(),
    ends: 'error',
    most: 1,
    backupMost: 0,
    onlyStreams: true,
  },
  {
    name: 'error-in-the-middle',
    primary: errorInTheMiddle,
    backup: whole(),
    ends: 'whole',
    most: 1,
    onlyStreams: true,
  },
  {
    name: 'silence-in-the-middle',
    primary: half(() => {}),
    backup: whole(),
    ends: 'whole',
    most: TRIES,
    mostStreamed: 1,
  },
  { name: 'silence-in-the-middle-alone', primary: half(() => {}), ends: 'error', most: TRIES },
  {
    name: 'goes-on-repeating',
    primary: half((response) => response.destroy()),
    backup: whole({ repeats: true }),
    ends: 'whole',
    most: TRIES,
  },
  {
    name: 'fallback-refuses-prefill',
    primary: half((response) => response.destroy()),
    backup: refusesPrefill,
    ends: 'whole',
    most: TRIES,
  },
  { name: 'malformed', primary: malformed, backup: whole(), ends: 'whole', most: TRIES },
  { name: 'no-done', primary: whole({ done: false }), ends: 'whole', most: 1, onlyStreams: true },
  { name: 'context-length', primary: refuses(400, tooLong), backup: whole(), ends: 'whole', most: 1 },
  { name: 'context-length-alone', primary: refuses(400, tooLong), ends: 'error', most: 1 },
  { name: 'content-filter', primary: refuses(400, filtered), backup: whole(), ends: 'whole', most: 1 },
  {
    name: 'flapping',
    primary: flapping(1_000),
    backup: whole(),
    ends: 'whole',
    most: 60,
    repeated: { count: 20, everyMs: 200 },
  },
  {
    name: 'flapping-for-a-minute',
    primary: flapping(5_000),
    backup: whole(),
    ends: 'whole',
    // It is alone in its group, so it never cools down: a fifth is asked again, beside one a second.
    most: 140 + 28 + 70,
    repeated: { count: 140, everyMs: 250 },
    onlyPlain: true,
  },
  { name: 'wrong-content-type', primary: webPage, backup: whole(), ends: 'whole', most: 1 },
  { name: 'empty-200', primary: nothing, backup: whole(), ends: 'whole', most: 1 },
  { name: 'error-behind-200', primary: errorBehind200, backup: whole(), ends: 'whole', most: TRIES },
  { name: 'no-such-host', primary: whole(), backup: whole(), ends: 'whole', most: 0, nowhere: true },
  { name: 'no-such-host-alone', primary: whole(), ends: 'error', most: 0, nowhere: true },
]

/** The gateway's file for them: each with deployments of its own, and times short enough for a test. */
export function configFor(providerUrl: string, chosen: readonly Scenario[] = scenarios): string {
  const row = (name: string, base: string, order = 1) =>
    `  - { model_name: ${name}, litellm_params: { model: openai/gpt-4o-mini, api_key: sk-scripted, api_base: '${base}', order: ${order} } }`
  const rows = chosen.flatMap(({ name, backup, nowhere, sameGroup }) => [
    row(name, nowhere === true ? 'http://nowhere.invalid/v1' : `${providerUrl}/${name}/v1`),
    ...(backup ? [row(sameGroup === true ? name : `${name}-backup`, `${providerUrl}/${name}-backup/v1`, 2)] : []),
  ])
  const fallbacks = chosen.flatMap(({ name, backup, sameGroup }) =>
    backup && sameGroup !== true ? [`{ ${name}: [${name}-backup] }`] : [],
  )
  return `
model_list:
${rows.join('\n')}
${row('healthy', `${providerUrl}/healthy/v1`)}
router_settings:
  num_retries: 2
  retry_after: 0
  cooldown_time: 1
  timeout: 2
  stream_timeout: 2
  ttft_timeout: 1
  stream_idle_timeout: 1
  mid_stream_fallback: continue
  fallbacks: [${fallbacks.join(', ')}]
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
`
}
