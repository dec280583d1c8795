/**
 * A provider that takes its time, in a process of its own: answers any POST after so many milliseconds (its argument) with
 * one completion that repeats the question. Tells its parent the port it listens on, and ends with it.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const TAKES_MS = Number(process.argv[2])

const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (piece: string) => {
    body += piece
  })
  request.on('end', () => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] }
    const content = `${messages.at(-1)?.content} It depends. `.repeat(20)
    const told = JSON.stringify({
      ...{ id: 'chatcmpl-slow', object: 'chat.completion', created: 1_760_000_000, model: 'bench' },
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 250, completion_tokens: 100, total_tokens: 350 },
    })
    setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(told), TAKES_MS)
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit())
