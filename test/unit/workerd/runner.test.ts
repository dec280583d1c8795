import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GatewayRunner, startGateway } from '../../../scripts/workerd/runner.ts'

const wranglerFile = fileURLToPath(new URL('./fixture/wrangler.toml', import.meta.url))

let stateDir: string
let runner: GatewayRunner

const start = (): Promise<GatewayRunner> =>
  startGateway({ isolates: 2, vars: { NAME: 'from "the" caller\\' }, stateDir, wranglerFile, random: () => 0.4 })

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'runner-'))
  runner = await start()
})

afterEach(async () => {
  await runner.stop()
  rmSync(stateDir, { recursive: true, force: true })
})

const get = async (path: string, isolate = 0): Promise<unknown> => (await fetch(runner.urls[isolate] + path)).json()

async function send(jobs: { id: string; how: string }[], delaySeconds?: number): Promise<number> {
  const answer = await fetch(`${runner.urls[0]}/send`, { method: 'POST', body: JSON.stringify({ jobs, delaySeconds }) })
  return answer.status
}

const diary = (): Promise<string[]> => get('/diary') as Promise<string[]>

/** Waits until nothing is left in the queues, and tells what the consumer wrote. */
async function drained(): Promise<string[]> {
  await expect.poll(() => runner.queue.depth(), { timeout: 10_000 }).toBe(0)
  return diary()
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('isolates and objects', () => {
  it('shares one object among isolates that remember for themselves', async () => {
    expect(await get('/count', 0)).toEqual({ requests: 1, memory: 1, disk: 1 })
    expect(await get('/count', 1)).toEqual({ requests: 1, memory: 2, disk: 2 })
    expect(await runner.calls()).toEqual({ objectCalls: 2, alarms: 0, byMethod: { 'CounterObject.count': 2 } })
  })

  it('evicts memory and keeps storage', async () => {
    await get('/count')
    await runner.evictAll()
    expect(await get('/count')).toMatchObject({ requests: 2, memory: 1, disk: 2 })
  })

  it('keeps storage, alarms and addresses through SIGKILL', async () => {
    await get('/count')
    await get('/alarm?ms=1000')
    const { pid } = runner
    const urls = [...runner.urls]
    await runner.kill()
    expect(isAlive(pid)).toBe(false)
    await expect(get('/count')).rejects.toThrow('fetch failed')
    await runner.restart()
    expect(runner.urls).toEqual(urls)
    expect(runner.pid).not.toBe(pid)
    expect(await get('/count')).toEqual({ requests: 1, memory: 1, disk: 2 })
    await expect.poll(diary, { timeout: 5000 }).toEqual(['alarm'])
    expect(await runner.calls()).toMatchObject({ alarms: 1 })
  })

  it('gives the Worker its variables, its version and its assets', async () => {
    expect(await get('/vars')).toEqual(['from the file', 'from "the" caller\\', 'local'])
    const page = await fetch(`${runner.urls[0]}/page.html`)
    expect([page.headers.get('content-type'), await page.text()]).toEqual([
      'text/html; charset=utf-8',
      '<p>hello</p>\n',
    ])
    expect((await fetch(`${runner.urls[0]}/nothing.html`)).status).toBe(404)
  })

  it('accounts for processor time and memory', async () => {
    const before = runner.cpuMs()
    for (let n = 0; n < 300; n++) await get('/count')
    expect(runner.cpuMs()).toBeGreaterThan(before)
    expect(runner.rssBytes()).toBeGreaterThan(10_000_000)
  })

  it('ticks crons', async () => {
    await runner.cron()
    expect(await diary()).toEqual(['cron * * * * *'])
  })
})

describe('queues', () => {
  it('delivers single messages and batches', async () => {
    await send([{ id: 'a', how: 'ok' }])
    await send([
      { id: 'b', how: 'ok' },
      { id: 'c', how: 'ok' },
    ])
    expect(await drained()).toEqual(['work a 1', 'work b 1', 'work c 1'])
  })

  it('honours the delay of a message and of a retry', async () => {
    const startedAt = Date.now()
    await send([{ id: 'late', how: 'ok' }], 1)
    await send([{ id: 'again', how: 'retry' }])
    expect((await drained()).sort()).toEqual(['work again 1', 'work again 2', 'work late 1'])
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1000)
  })

  it('dead-letters after the last retry', async () => {
    await send([{ id: 'bad', how: 'fail' }])
    expect(await drained()).toEqual(['work bad 1', 'work bad 2', 'work bad 3', 'work-dead bad 1'])
  })

  it('keeps what a consumer acknowledged before it failed', async () => {
    await send([
      { id: 'good', how: 'ok' },
      { id: 'bad', how: 'fail' },
    ])
    expect((await drained()).filter((line) => line.includes('good'))).toEqual(['work good 1'])
  })

  it('delays, reorders and duplicates on request', async () => {
    runner.queue.hold()
    runner.queue.delay(300)
    runner.queue.reorder(true)
    for (const id of ['1', '2', '3', '4']) await send([{ id, how: 'ok' }])
    const sentAt = Date.now()
    runner.queue.release()
    const lines = await drained()
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(250)
    expect(lines).not.toEqual([...lines].sort())
    runner.queue.delay(0)
    runner.queue.duplicate(0.5) // the test's chance is 0.4: every acknowledgement is lost, until the retries are used up
    await send([{ id: 'twice', how: 'ok' }])
    expect((await drained()).filter((line) => line.includes('twice'))).toEqual([
      'work twice 1',
      'work twice 2',
      'work twice 3',
    ])
  })

  it('holds and refuses on request', async () => {
    runner.queue.hold()
    await send([{ id: 'kept', how: 'ok' }])
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect([runner.queue.depth('work'), await diary()]).toEqual([1, []])
    runner.queue.refuse(true)
    expect(await send([{ id: 'refused', how: 'ok' }])).toBe(500)
    runner.queue.refuse(false)
    runner.queue.release()
    expect(await drained()).toEqual(['work kept 1'])
  })

  it('delivers again what was being worked on when workerd was killed', async () => {
    await send([{ id: 'cut', how: 'slow' }])
    await new Promise((resolve) => setTimeout(resolve, 800))
    await runner.kill()
    expect(runner.queue.depth()).toBe(1)
    await runner.restart()
    expect(await drained()).toEqual(['work cut 2'])
  })

  it('keeps what waits when everything stops', async () => {
    runner.queue.hold()
    await send([{ id: 'patient', how: 'ok' }])
    await runner.stop()
    runner = await start()
    expect(await drained()).toEqual(['work patient 1'])
  })
})

it('leaves nothing behind when its parent is killed', async () => {
  const script = `
    import { startGateway } from ${JSON.stringify(new URL('../../../scripts/workerd/runner.ts', import.meta.url).href)}
    const { pid } = await startGateway(${JSON.stringify({ isolates: 1, vars: {}, stateDir: join(stateDir, 'child'), wranglerFile })})
    console.log(pid)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))))
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false)
})
