import type { Accent } from './openai-compatible.ts'
import { olderMaximum } from './openai-compatible-messages.ts'

/**
 * Servers of open models: the length has its older name, and thoughts of a turn that still uses tools are taken back as
 * `reasoning_content`.
 */
export const openModels = { knows: ['reasoning_content', 'top_k'], body: olderMaximum } satisfies Accent
