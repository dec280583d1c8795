import type { Fields } from '../../../src/dialects/loose-json.ts'

/** What is asked, in nobody's dialect; each client says it in its SDK's words. */
export interface Ask {
  readonly model: string
  readonly system?: string
  readonly turns: readonly Turn[]
  readonly tools?: readonly Tool[]
  /** The schema that the answer must follow. */
  readonly schema?: Fields
  readonly think?: boolean
  readonly stream: boolean
}

export type Turn =
  | { readonly user: string; readonly image?: string }
  /** An answer, handed back as the SDK gave it. */
  | { readonly answer: Told }
  | { readonly results: readonly { readonly call: ToldCall; readonly text: string }[] }

export interface Tool {
  readonly name: string
  readonly description: string
  readonly parameters: Fields
}

export interface ToldCall {
  readonly id: string
  readonly name: string
  readonly args: unknown
}

/** What the SDK's own objects hold of an answer. */
export interface Told {
  readonly text: string
  readonly calls: readonly ToldCall[]
  readonly finish: 'stop' | 'tools' | (string & {})
  readonly input: number | undefined
  readonly output: number | undefined
  /** Undefined where the SDK has no place for it. */
  readonly cached?: number | undefined
  readonly reasoning?: number | undefined
  readonly thought?: string
  readonly raw: unknown
}

export interface Client {
  /** Whether the SDK shows thoughts, and hands them back with what was sealed in them. */
  readonly carries: boolean
  /** It drops what hangs on a call and is not of its dialect, as Gemini's signatures are: Google's sentinel stands in. */
  readonly dropsOnCalls?: true
  /** A shape is asked for with a tool that must be called, where the SDK does not know the model. */
  readonly forces?: boolean
  ask(ask: Ask, at: { readonly url: string; readonly key: string }): Promise<Told>
}
