import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Endpoint, serveEndpoint } from '../../../scripts/local/endpoint.ts'

let endpoint: Endpoint
let handled: string[]

beforeEach(async () => {
  handled = []
  endpoint = await serveEndpoint((request) => {
    handled.push(`${request.method} ${request.url} ${request.body}`)
    return Promise.resolve({ status: 200, headers: { 'x-own': 'yes' }, body: 'a'.repeat(1_000) })
  })
})
afterEach(async () => {
  await endpoint.close()
})

const ask = (timeoutMs = 5_000) =>
  fetch(`${endpoint.url}/work?x=1`, { method: 'POST', body: 'do it', signal: AbortSignal.timeout(timeoutMs) })
const setFault = (fault: unknown) => fetch(`${endpoint.url}/__faults`, { method: 'POST', body: JSON.stringify(fault) })

test('without faults the handler answers', async () => {
  const answer = await ask()
  expect([answer.status, answer.headers.get('x-own'), (await answer.text()).length]).toEqual([200, 'yes', 1_000])
  expect(handled).toEqual(['POST /work?x=1 do it'])
})

test('latency comes before the work', async () => {
  endpoint.faults.add({ kind: 'latency', delayMs: 120 })
  const before = performance.now()
  await ask()
  expect(performance.now() - before).toBeGreaterThan(110)
})

test('a status replaces the work, or only its answer', async () => {
  await setFault([
    { kind: 'status', status: 503, headers: { 'retry-after': '7' }, body: 'sorry', count: 1 },
    { kind: 'status', status: 500, moment: 'answer', count: 1 },
  ])
  const first = await ask()
  expect([first.status, first.headers.get('retry-after'), await first.text()]).toEqual([503, '7', 'sorry'])
  expect(handled).toHaveLength(0)
  expect((await ask()).status).toBe(500)
  expect(handled).toHaveLength(1)
  expect((await ask()).status).toBe(200)
})

test('a dropped connection loses the request, or the answer to work that was done', async () => {
  endpoint.faults.add({ kind: 'drop', count: 1 }, { kind: 'drop', moment: 'answer', count: 1 })
  await expect(ask()).rejects.toThrow('fetch failed')
  expect(handled).toHaveLength(0)
  await expect(ask()).rejects.toThrow('fetch failed')
  expect(handled).toHaveLength(1)
})

test('an answer can be cut in the middle', async () => {
  endpoint.faults.add({ kind: 'drop', afterBytes: 300 })
  const answer = await ask()
  expect(answer.status).toBe(200)
  const reader = answer.body?.getReader()
  let bytes = 0
  const readOn = async () => {
    for (;;) bytes += (await reader?.read())?.value?.length ?? 0
  }
  await expect(readOn()).rejects.toThrow()
  expect(bytes).toBe(300)
})

test('a half-open connection takes the request and stays silent, and closing ends it', async () => {
  endpoint.faults.add({ kind: 'half-open' })
  await expect(ask(150)).rejects.toThrow('timeout')
  expect(handled).toHaveLength(0)
  const waiting = expect(ask()).rejects.toThrow('fetch failed')
  await new Promise((resolve) => setTimeout(resolve, 50))
  await endpoint.close()
  await waiting
})

test('a slow answer trickles', async () => {
  endpoint.faults.add({ kind: 'slow', bytesPerSecond: 4_000 })
  const before = performance.now()
  expect((await (await ask()).text()).length).toBe(1_000)
  expect(performance.now() - before).toBeGreaterThan(240)
})

test('faults are listed and cleared over HTTP, and a wrong one is explained', async () => {
  expect((await setFault({ kind: 'drop' })).status).toBe(201)
  expect(await (await fetch(`${endpoint.url}/__faults`)).json()).toMatchObject([{ fault: { kind: 'drop' }, hits: 0 }])
  await fetch(`${endpoint.url}/__faults`, { method: 'DELETE' })
  expect((await ask()).status).toBe(200)
  const wrong = await setFault({ kind: 'status' })
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('status')])
})

test('the handler learns that its client went away', async () => {
  let told = false
  const patient = await serveEndpoint(async ({ signal }) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    told = true
    return { status: 200, body: '' }
  })
  await expect(fetch(patient.url, { signal: AbortSignal.timeout(100) })).rejects.toThrow()
  await expect.poll(() => told).toBe(true)
  await patient.close()
})
