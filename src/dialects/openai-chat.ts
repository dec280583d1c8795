import type { Dialect } from './dialect.ts'
import { errorBody, errorEvent, parseChat } from './openai.ts'
import { chatPrinter, printChat } from './openai-printer.ts'
import { withTurns } from './turns.ts'

/** `/v1/chat/completions`. */
export const openaiChat: Dialect = {
  name: 'openai',
  parse: (body) => withTurns(parseChat(body)),
  completion: printChat,
  printer: chatPrinter,
  errorBody,
  errorEvent,
}
