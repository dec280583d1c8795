import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What everybody answers when nothing goes wrong. */
export const ANSWER = 'The quick brown fox jumps over the lazy dog, and then the dog sleeps until the evening comes.'

/** One request as the scripted provider sees it. */
export interface Asked {
  /** How many of its kind, plain or streamed, came to this deployment before it. */
  readonly before: number
  readonly stream: boolean
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  /** Since the first of them. */
  readonly sinceMs: number
}

export type Behaviour = (response: ServerResponse, asked: Asked) => Promise<void> | void

export interface ScriptedProvider {
  readonly url: string
  /** When requests came to this deployment. */
  arrivals(deployment: string): readonly number[]
  close(): Promise<void>
}

/** A vendor with OpenAI's chat at `/NAME/v1`, which behaves as its script says. */
export async function startScriptedProvider(scripts: ReadonlyMap<string, Behaviour>): Promise<ScriptedProvider> {
  const arrivals = new Map<string, number[]>()
  const modes = new Map<string, number[]>()
  const noted = (map: Map<string, number[]>, name: string, atMs: number): readonly number[] => {
    const times = map.get(name) ?? []
    map.set(name, times)
    times.push(atMs)
    return times
  }
  const server = createServer((incoming, response) => {
    const name = incoming.url?.split('/')[1] ?? ''
    const now = performance.now()
    noted(arrivals, name, now)
    const behave = scripts.get(name) ?? whole()
    read(incoming)
      .then((body) => {
        const times = noted(modes, `${name} ${body.stream}`, now)
        return behave(response, { before: times.length - 1, sinceMs: now - (times[0] ?? now), ...body })
      })
      .catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals: (deployment) => arrivals.get(deployment) ?? [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function read(incoming: IncomingMessage): Promise<Pick<Asked, 'stream' | 'messages'>> {
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  const { stream = false, messages = [] } = JSON.parse(text) as Partial<Asked>
  return { stream, messages }
}

const event = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-f',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'scripted',
  choices: [{ index: 0, delta, finish_reason: finish }],
})
const usage = { prompt_tokens: 20, completion_tokens: 20, total_tokens: 40 }
const SSE = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }

const begins = (response: ServerResponse) => {
  response.writeHead(200, SSE)
  response.write(event(chunk({ role: 'assistant', content: '' })))
}
const says = (response: ServerResponse, text: string) => {
  for (const word of text.match(/\s*\S+/g) ?? []) response.write(event(chunk({ content: word })))
}
const ends = (response: ServerResponse, done = true) => {
  response.write(event(chunk({}, 'stop')))
  response.write(event({ ...chunk({}), choices: [], usage }))
  response.end(done ? event('[DONE]') : '')
}
const body = (content: string) =>
  JSON.stringify({
    id: 'chatcmpl-f',
    object: 'chat.completion',
    created: 1,
    model: 'scripted',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage,
  })

/** What is left to say after an assistant's message, which was cut off. */
function left(messages: Asked['messages']): string {
  const said = messages.findLast(({ role }) => role === 'assistant')?.content ?? ''
  return ANSWER.startsWith(said) ? ANSWER.slice(said.length) : ANSWER
}

export function whole(options: { readonly done?: boolean; readonly repeats?: boolean } = {}): Behaviour {
  return (response, { stream, messages }) => {
    const text = options.repeats === true ? ANSWER : left(messages)
    if (!stream) return void response.writeHead(200, JSON_TYPE).end(body(text))
    begins(response)
    says(response, text)
    ends(response, options.done)
  }
}

export function refuses(status: number, error: object, headers: Record<string, string> = {}): Behaviour {
  return (response) => void response.writeHead(status, { ...JSON_TYPE, ...headers }).end(JSON.stringify({ error }))
}

export const drops: Behaviour = (response) => void response.destroy()
export const silent: Behaviour = () => {}

/** The first requests go one way, the others another. */
export function first(count: number, one: Behaviour, others: Behaviour = whole()): Behaviour {
  return (response, asked) => (asked.before < count ? one : others)(response, asked)
}

export function late(ms: number): Behaviour {
  return async (response, asked) => {
    if (asked.stream) {
      response.writeHead(200, SSE)
      response.flushHeaders()
    }
    await sleep(ms, undefined, { ref: false })
    if (response.destroyed) return
    if (!asked.stream) return whole()(response, asked)
    says(response, ANSWER)
    ends(response)
  }
}

/** Half of the answer, and then this. */
export function half(then: (response: ServerResponse) => void): Behaviour {
  return async (response, { stream }) => {
    const words = ANSWER.slice(0, ANSWER.indexOf(' over'))
    if (stream) {
      begins(response)
      says(response, words)
    } else {
      response.writeHead(200, JSON_TYPE)
      response.write(body(ANSWER).slice(0, 60))
    }
    await sleep(20)
    then(response)
  }
}

export const malformed: Behaviour = (response, { stream }) => {
  if (!stream) return void response.writeHead(200, JSON_TYPE).end('{"choices":[{"message":')
  begins(response)
  says(response, ANSWER.slice(0, 19))
  response.write('data: {"choices":[{"delta":{"cont\n\n')
  says(response, ANSWER.slice(19))
  ends(response)
}

export const webPage: Behaviour = (response) =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>')
export const nothing: Behaviour = (response, { stream }) =>
  void response.writeHead(200, { ...(stream ? SSE : JSON_TYPE), 'content-length': '0' }).end()
export const errorBehind200: Behaviour = (response, { stream }) => {
  const error = { error: { message: 'The server is overloaded.', type: 'server_error', code: 503 } }
  if (!stream) return void response.writeHead(200, JSON_TYPE).end(JSON.stringify(error))
  begins(response)
  response.end(event(error))
}

/** Begins a call of a tool, and breaks off in the middle of its arguments. */
export const cutCall: Behaviour = async (response, { stream }) => {
  if (!stream) return half((one) => one.destroy())(response, { before: 0, stream, messages: [], sinceMs: 0 })
  begins(response)
  const name = { name: 'look_up', arguments: '' }
  response.write(event(chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: name }] })))
  response.write(event(chunk({ tool_calls: [{ index: 0, function: { arguments: '{"animal":"f' } }] })))
  await sleep(20)
  response.destroy()
}

/** Half of the answer, and then an error instead of the rest. */
export const errorInTheMiddle: Behaviour = half((response) => {
  response.end(event({ error: { message: 'The server is overloaded.', type: 'server_error', code: 503 } }))
})

/** Well for a while, ill for a while. */
export function flapping(everyMs: number): Behaviour {
  return (response, asked) => {
    const ill = Math.floor(asked.sinceMs / everyMs) % 2 === 0
    return (ill ? refuses(500, { message: 'Flapping.' }) : whole())(response, asked)
  }
}

/** Like a model that is never given a beginning of its own answer. */
export const refusesPrefill: Behaviour = (response, asked) => {
  const refused = asked.messages.at(-1)?.role === 'assistant'
  const refusal = refuses(400, { message: 'The conversation must end with a user message.' })
  return (refused ? refusal : whole())(response, asked)
}
