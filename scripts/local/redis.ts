/** What Redis answers, before it is written as JSON. */
export type Reply = string | number | null | readonly Reply[]

/** Redis's own refusal; the message is what a client sees. */
export class RedisError extends Error {}

/** Something that runs Redis commands: a real server, or memory. */
export interface Redis {
  /** Plain words for the start-up lines. */
  readonly name: string
  run(command: readonly string[]): Promise<Reply>
  /** All or nothing is not promised, as in Redis: one command's error leaves the others done. */
  transaction(commands: readonly (readonly string[])[]): Promise<(Reply | RedisError)[]>
  close(): Promise<void>
}
