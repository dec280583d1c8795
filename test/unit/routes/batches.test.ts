import { describe, expect, it } from 'vitest'
import { memoryVendorObjects } from '../../../src/batches/memory.ts'
import { newBooks } from '../../../src/budget/books.ts'
import { MemoryLedger, memorySource } from '../../../src/ledger/memory.ts'
import type { Take } from '../../../src/ledger/port.ts'
import { world } from './world.ts'

const LINE = JSON.stringify({
  custom_id: 'a',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'gpt-4o-mini', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] },
})
const FILE = { id: 'file-1', object: 'file', purpose: 'batch' }
const BATCH = { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' }

/** A key with a budget of a dollar and a file of one request, at a vendor that answers everything else as the test says. */
async function vendors(answers: () => Promise<Response> | Response, limits: object = {}) {
  const w = world()
  const account = newBooks()
  const ledger = new MemoryLedger({ source: memorySource(account), clock: w.now })
  const objects = memoryVendorObjects()
  const asked: string[] = []
  let lines = LINE
  const taken: { readonly name: string; readonly take: Take }[] = []
  Object.assign(w.deps, { batches: { objects, record: () => Promise.resolve() } })
  const take = ledger.take.bind(ledger)
  const later: Promise<unknown>[] = []
  ledger.take = (name, one) => {
    taken.push({ name, take: one })
    for (const scope of one.scopes) if (scope.limited) account.limits.set(scope.name, 1_000_000_000n)
    return take(name, one)
  }
  Object.assign(w.deps.gateway, {
    ledger,
    handOver: {
      add({ ledger: name, close }: Parameters<typeof w.deps.gateway.handOver.add>[0]) {
        if (close) later.push(ledger.settle(name, [close]))
      },
    },
    defer: (_: string, work: Promise<unknown>) => void later.push(work),
    env: { ...w.deps.gateway.env, OPENAI_API_KEY: 'sk-operators', MISTRAL_API_KEY: 'sk-m', ANTHROPIC_API_KEY: 'sk-a' },
    fetch: (url: string, { method }: RequestInit) => {
      const { hostname, pathname } = new URL(url)
      asked.push(`${method} ${hostname}${pathname}`)
      if (pathname === '/v1/files' && method === 'POST') return Promise.resolve(Response.json(FILE))
      if (pathname.endsWith('/content')) return Promise.resolve(new Response(lines))
      if (pathname.startsWith('/v1/files/')) return Promise.resolve(Response.json(FILE))
      return Promise.resolve().then(answers)
    },
  })
  const key = await w.key({ max_budget: 1, ...limits })
  const as = (who: string) => ({ authorization: `Bearer ${who}`, 'content-type': 'application/json' })
  return {
    ...{ asked, objects, key, pass: w.pass },
    send: (method: string, path: string, body?: unknown, who = key) =>
      w.said(path, { method, headers: as(who), ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
    newKey: w.key.bind(w),
    holds: (file: string) => {
      lines = file
    },
    async heldNano() {
      await Promise.all(later)
      const last = taken.at(-1)
      if (!last) return undefined
      const { windows } = await ledger.check(last.name, { ...last.take, attempt: 'x', amountNano: 0n })
      return windows[0]?.heldNano
    },
  }
}

describe('a batch', () => {
  const unclear: readonly (readonly [string, () => Response | Promise<Response>])[] = [
    ['answered 500', () => Response.json({ error: { message: 'Oh.' } }, { status: 500 })],
    ['answered 503', () => Response.json({}, { status: 503 })],
    ['lost the connection', () => Promise.reject(new TypeError('connection reset'))],
  ]
  it.each(unclear)('stays held for where its vendor %s: it may have begun', async (_, answers) => {
    const v = await vendors(answers)
    await v.send('POST', '/v1/files', {})
    const { status, headers } = await v.send('POST', '/v1/batches', BATCH)
    expect(status).toBeGreaterThanOrEqual(500)
    expect(headers.get('x-should-retry')).toBe('false')
    expect(await v.heldNano()).toBeGreaterThan(0n)
  })

  it('with a file of somebody else’s in one of its lines is not begun', async () => {
    const v = await vendors(() => Response.json({ id: 'b-1', object: 'batch', status: 'in_progress' }))
    const theirs = { vendor: 'openai', id: 'file-theirs', kind: 'file', owner: 'key:another' } as const
    await v.objects.keep({ ...theirs, said: {}, createdAtMs: 0 })
    const content = [{ type: 'document', source: { type: 'file', file_id: 'file-theirs' } }]
    const params = { model: 'claude-sonnet-4-20250514', max_tokens: 9, messages: [{ role: 'user', content }] }
    const requests = [{ custom_id: 'a', params }]
    expect((await v.send('POST', '/v1/messages/batches', { requests })).status).toBe(404)
    await v.send('POST', '/v1/files', {})
    const line = JSON.parse(LINE) as { body: object }
    v.holds(`${LINE}\n${JSON.stringify({ ...line, body: { ...line.body, messages: params.messages } })}`)
    const before = v.asked.length
    expect((await v.send('POST', '/v1/batches', BATCH)).status).toBe(404)
    expect(v.asked.slice(before)).toEqual(['GET api.openai.com/v1/files/file-1/content'])
    expect(await v.heldNano()).toBe(0n)
  })

  it('that its vendor refuses is held for no longer', async () => {
    const v = await vendors(() => Response.json({ error: { message: 'No such endpoint.' } }, { status: 400 }))
    await v.send('POST', '/v1/files', {})
    expect((await v.send('POST', '/v1/batches', BATCH)).status).toBe(400)
    expect(await v.heldNano()).toBe(0n)
  })

  it('has results that stay deleted once their owner has deleted them', async () => {
    const done = { id: 'b-1', object: 'batch', status: 'completed', output_file_id: 'file-out' }
    let told: object = { ...done, status: 'in_progress', output_file_id: null }
    const v = await vendors(() => Response.json(told))
    await v.send('POST', '/v1/files', {})
    await v.send('POST', '/v1/batches', BATCH)
    const files = async () => (await v.send('GET', '/v1/files')).json.data.map(({ id }: { id: string }) => id)
    told = done
    await v.send('GET', '/v1/batches/b-1')
    expect(await files()).toContain('file-out')
    expect((await v.send('DELETE', '/v1/files/file-out')).status).toBe(200)
    expect((await v.send('GET', '/v1/batches/b-1')).json).toEqual(done)
    expect(await files()).not.toContain('file-out')
  })

  it('is remembered as it was where its vendor answers with something else', async () => {
    let told: () => Response = () => Response.json({ id: 'b-1', object: 'batch', status: 'in_progress' })
    const v = await vendors(() => told())
    await v.send('POST', '/v1/files', {})
    expect((await v.send('POST', '/v1/batches', BATCH)).status).toBe(200)
    for (const odd of ['[]', 'null', '{"id":"another"}', `{"id":"b-1","pad":"${'x'.repeat(2 ** 20)}"}`]) {
      told = () => new Response(odd, { headers: { 'content-type': 'application/json' } })
      await v.send('GET', '/v1/batches/b-1')
      const { json } = await v.send('GET', '/v1/batches')
      expect(json.data).toEqual([{ id: 'b-1', object: 'batch', status: 'in_progress' }])
    }
  })
})

it('a list of batches that run counts as a request, and then asks their vendor', async () => {
  const batch = { id: 'b-1', object: 'batch', status: 'in_progress' }
  const v = await vendors(() => Response.json(batch), { rpm_limit: 3 })
  await v.send('POST', '/v1/files', {})
  await v.send('POST', '/v1/batches', BATCH)
  const before = v.asked.length
  expect((await v.send('GET', '/v1/batches')).status).toBe(200)
  expect((await v.send('GET', '/v1/batches')).status).toBe(429)
  expect(v.asked.length).toBe(before + 1)
})

describe('files at vendors that are passed on to', () => {
  it.each(['anthropic', 'mistral'])('of %s belong to whoever put them there', async (vendor) => {
    const v = await vendors(() => Response.json({ id: 'x' }))
    const other = await v.newKey()
    expect((await v.send('POST', `/${vendor}/v1/files`, {})).status).toBe(200)
    for (const [method, end] of [
      ['GET', ''],
      ['GET', '/content'],
      ['DELETE', ''],
    ] as const) {
      expect((await v.send(method, `/${vendor}/v1/files/file-1${end}`, undefined, other)).status).toBe(404)
      expect((await v.send(method, `/${vendor}/v1/%66iles/file-1${end}`, undefined, other)).status).toBe(400)
    }
    expect(v.asked.length).toBe(1)
    expect((await v.send('GET', '/v1/files')).json.data).toEqual([])
    expect((await v.send('GET', `/v1/files/file-1`)).status).toBe(404)
    expect((await v.send('GET', `/${vendor}/v1/files/file-1`)).status).toBe(200)
    expect((await v.send('DELETE', `/${vendor}/v1/files/file-1`)).status).toBe(200)
    expect((await v.send('GET', `/${vendor}/v1/files/file-1`)).status).toBe(404)
  })
})
