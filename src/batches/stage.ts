/** How far a batch has come, in OpenAI's words and in Anthropic's. A vendor's later word is never a smaller number. */
export const STAGES = {
  validating: 1,
  in_progress: 2,
  finalizing: 3,
  cancelling: 3,
  canceling: 3,
  completed: 4,
  cancelled: 4,
  expired: 4,
  failed: 4,
  ended: 4,
} as const

/** Zero for what says none, such as a file. */
export function stageOf({ status, processing_status }: Readonly<Record<string, unknown>>): number {
  const stages: Readonly<Record<string, number>> = STAGES
  const word = status ?? processing_status
  return typeof word === 'string' && Object.hasOwn(stages, word) ? (stages[word] ?? 0) : 0
}
