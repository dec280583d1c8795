type Fields = { readonly [field: string]: unknown }

/** A response as it was given, with everything that it answered: what came before it included. */
export interface KeptResponse {
  readonly id: string
  readonly response: Fields
  readonly input: readonly unknown[]
}

/**
 * Keeps responses for thirty days, each for one owner alone: for anybody else, and after that, it is not there. What it
 * says can be read with the operator's salt key only. Keeping the same id again replaces it.
 */
export interface ResponseStore {
  keep(owner: string, kept: KeptResponse, nowMs: number): Promise<void>
  find(owner: string, id: string, nowMs: number): Promise<KeptResponse | undefined>
  /** Whether there was one. */
  forget(owner: string, id: string, nowMs: number): Promise<boolean>
}

export const KEPT_MS = 30 * 24 * 3_600_000
