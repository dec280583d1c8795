import type { Dialect } from './dialect.ts'
import { errorBody, errorEvent, parseChat } from './openai.ts'
import { chatPrinter, printChat } from './openai-printer.ts'

/** `/v1/chat/completions`. */
export const openaiChat: Dialect = {
  name: 'openai',
  parse: (body) => parseChat(body),
  completion: printChat,
  printer: chatPrinter,
  errorBody,
  errorEvent,
}
