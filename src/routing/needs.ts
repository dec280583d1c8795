import type { Capability } from '../config/config.ts'

/** What one request needs of a deployment. */
export interface Needs {
  /** An estimate. */
  readonly inputTokens: number
  /** What the request says its answer may have. */
  readonly outputTokens?: number
  readonly capabilities: readonly Capability[]
  /** Where the answer must come from (`allowed_model_region`): `eu`, `us`, or a vendor's own region. */
  readonly region?: string
  /** Of the request, its key and its team. */
  readonly tags?: readonly string[]
  /** What `tag_regex` looks at. */
  readonly userAgent?: string
}
