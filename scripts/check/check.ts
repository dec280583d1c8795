/** One thing that must hold. Answers what does not: each finding a sentence that says where, and what to do. */
export interface Check {
  readonly name: string
  readonly find: () => Promise<readonly string[]>
}
