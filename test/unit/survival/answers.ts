import { accents } from './accents.ts'
import type { VendorAnswer } from './answer.ts'
import { anthropicAnswers } from './anthropic-answers.ts'
import { bedrockAnswers, ollamaAnswers } from './bedrock-answers.ts'
import { googleAnswers } from './google-answers.ts'
import { moreAnswers } from './more-answers.ts'
import { openaiAnswers } from './openai-answers.ts'
import { responsesAnswers } from './responses-answers.ts'

/** Every family's. */
export const answers: readonly VendorAnswer[] = [
  ...anthropicAnswers,
  ...openaiAnswers,
  ...accents,
  ...responsesAnswers,
  ...googleAnswers,
  ...bedrockAnswers,
  ...ollamaAnswers,
  ...moreAnswers,
]
