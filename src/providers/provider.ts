import type { Json } from '../config/config.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import type { DialectName } from '../dialects/dialect.ts'
import type { ErrorKind } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import type { TokenSource } from './access-token.ts'
import type { AwsAccess, AwsSignature } from './aws.ts'
import type { ParameterRules } from './parameter-rules.ts'
import type { VertexAccess } from './vertex-access.ts'

/** A deployment with its secrets read, as a provider needs it. */
export interface Target extends ParameterRules {
  readonly model: string
  readonly apiKey?: string
  readonly apiBase?: string
  readonly organization?: string
  readonly extraHeaders: Readonly<Record<string, string>>
  readonly params: { readonly [key: string]: Json }
  /** The longest answer of the deployment, where it is known: what a request that names no maximum may ask for. */
  readonly maxOutputTokens?: number
  readonly aws?: AwsAccess
  readonly apiVersion?: string
  /** A Microsoft Entra token, where the deployment is not asked with a key. */
  readonly azureAdToken?: string
  readonly vertex?: VertexAccess
  /** Who gives its access tokens: the gateway gets one before it asks, and puts it where the vendor's file looks for it. */
  readonly tokenSource?: TokenSource
}

export interface UpstreamRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Sent instead of `body` where it is no text: a file, or a form whose content type the runtime writes. */
  readonly upload?: Blob | FormData
  /** Put into `body`, which is a JSON object, under this name and as base64. */
  readonly inlined?: { readonly name: string; readonly file: Blob }
  /** To be signed with before it is sent (`signAws`). */
  readonly aws?: AwsSignature
}

/** A vendor's refusal, classified: only the vendor's own file knows what its codes mean. */
export interface Failure {
  readonly kind: ErrorKind
  readonly status: number
  readonly message: string
  readonly type?: string
  readonly code?: string
  readonly param?: string
  readonly retryAfterMs?: number
}

/** Pure translation: no fetch, no clock, no randomness. Tested by fixtures alone. */
export interface Provider {
  /** The callers' dialect that the vendor speaks natively, if any: a caller who speaks it too is passed through. */
  readonly dialect?: DialectName
  /** Where the vendor is, and the variables that name its key and address, when a deployment says nothing. */
  readonly defaults: { readonly apiBase?: string; readonly apiBaseEnv?: string; readonly apiKeyEnv?: string }
  chat(request: ChatRequest, target: Target): UpstreamRequest
  /** The usage of a finished answer, or of the stream event that carries it; undefined when it says nothing. */
  usage(answer: unknown): Usage | undefined
  failure(status: number, headers: Headers, body: string): Failure
}
