/**
 * The scripted provider, in a process of its own: what it does with a request stands in the plan, which it finds by the
 * number in the prompt. It keeps books of what it bills: on `{ bills: true }` it tells its parent.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { numberIn, outputTokensOf, planOf, promptTokensOf, type StormOptions, type VendorPart } from './plan.ts'

/** What was billed for a request: tokens, and for which of the storm's models. An unanswered request has no bill. */
export interface Bill {
  readonly n: number
  readonly model: string
  readonly promptTokens: number
  readonly outputTokens: number
  /** Whether the whole answer was sent. */
  readonly whole: boolean
  /** From when to when it was worked on. */
  readonly fromMs: number
  readonly toMs: number
}

const HANG_MS = 20_000
const CHUNK_TOKENS = 12

const [, , given] = process.argv
const plan = planOf(JSON.parse(given ?? '{}') as StormOptions)
const bills: Bill[] = []
let asked = 0
let left = 0

interface Asked {
  readonly model: string
  readonly stream?: boolean
  readonly max_tokens?: number
  readonly stream_options?: { readonly include_usage?: boolean }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const fromMs = Date.now()
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const text = Buffer.concat(parts).toString()
  const planned = plan.requests[numberIn(text)]
  if (!planned) {
    response.writeHead(404).end('{"error":{"message":"no such request was planned"}}')
    return
  }
  asked += 1
  const body = JSON.parse(text) as Asked
  const vendor = forModel(planned.vendor, body.model)
  const promptTokens = promptTokensOf(planned.prompt)
  const bill = (outputTokens: number, whole: boolean): void => {
    bills.push({ n: planned.n, model: body.model, promptTokens, outputTokens, whole, fromMs, toMs: Date.now() })
  }
  if (vendor.kind === 'refuse') {
    response.writeHead(vendor.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: `scripted to fail with ${vendor.status}`, type: 'server_error' } }))
    return
  }
  if (vendor.kind === 'drop') {
    request.socket.destroy()
    return
  }
  if (vendor.kind === 'hang') {
    await pause(HANG_MS, response)
    response.destroy()
    return
  }
  await pause(vendor.firstMs, response)
  const most = outputTokensOf(body.max_tokens ?? planned.maxTokens, vendor.outputShare)
  if (body.stream)
    await stream(response, { vendor, most, promptTokens, usage: body.stream_options?.include_usage === true, bill })
  else await whole(response, { vendor, most, promptTokens, bill })
}

interface Part {
  readonly vendor: Extract<VendorPart, { kind: 'answer' | 'cut' }>
  readonly most: number
  readonly promptTokens: number
  readonly bill: (outputTokens: number, whole: boolean) => void
}

async function whole(response: ServerResponse, { vendor, most, promptTokens, bill }: Part): Promise<void> {
  await pause(vendor.restMs, response)
  if (response.destroyed) left += 1
  // Who was asked bills, whether or not anybody still listens.
  bill(most, vendor.kind === 'answer' && !response.destroyed)
  if (vendor.kind === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
    response.write('{"id":"chatcmpl-storm",')
    setTimeout(() => response.destroy(), 5)
    return
  }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({
      ...base('chat.completion'),
      choices: [{ index: 0, message: { role: 'assistant', content: words(most) }, finish_reason: 'stop' }],
      usage: usageOf(promptTokens, most),
    }),
  )
}

async function stream(response: ServerResponse, part: Part & { readonly usage: boolean }): Promise<void> {
  const { vendor, most, promptTokens, usage, bill } = part
  const send = (value: unknown) =>
    response.write(`data: ${JSON.stringify({ ...base('chat.completion.chunk'), ...(value as object) })}\n\n`)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const chunks = Math.ceil(most / CHUNK_TOKENS)
  let sent = 0
  for (let chunk = 0; chunk < chunks; chunk++) {
    const tokens = Math.min(CHUNK_TOKENS, most - sent)
    if (response.destroyed) break
    send({ choices: [{ index: 0, delta: { content: words(tokens) }, finish_reason: null }] })
    sent += tokens
    if (vendor.kind === 'cut' && chunk >= chunks / 2) break
    await pause(vendor.restMs / chunks, response)
  }
  if (response.destroyed) left += 1
  const all = sent >= most && vendor.kind === 'answer' && !response.destroyed
  bill(sent, all)
  if (!all) {
    response.destroy()
    return
  }
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  if (usage) send({ choices: [], usage: usageOf(promptTokens, most) })
  response.end('data: [DONE]\n\n')
}

/** The dear model takes what the cheap one would not. */
function forModel(vendor: VendorPart, model: string): VendorPart {
  if (model !== 'dear' || vendor.kind === 'answer') return vendor
  return { kind: 'answer', outputShare: 0.5, firstMs: 5, restMs: 20 }
}

const base = (object: string) => ({ id: 'chatcmpl-storm', object, created: 1_760_000_000, model: 'storm' })
const words = (tokens: number): string => 'word '.repeat(tokens)
const usageOf = (prompt: number, output: number) => ({
  prompt_tokens: prompt,
  completion_tokens: output,
  total_tokens: prompt + output,
})

/** Also over as soon as nobody listens. */
function pause(ms: number, response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer)
      response.off('close', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    response.once('close', over)
  })
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  answer(request, response).catch(() => response.destroy())
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', () => process.send?.({ bills, asked, left }))
process.once('disconnect', () => process.exit())
