import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, it } from 'vitest'
import { startClouds } from '../support/clouds.ts'
import { MASTER_KEY, useGateway } from '../support/gateway.ts'
import { families } from '../support/vendors/families.ts'
import { configFor, startVendors } from '../support/vendors/server.ts'
import { TOMORROW } from '../support/vendors/words.ts'
import { clients } from './matrix/clients.ts'
import { cells, move, play } from './matrix/play.ts'

// `npm run matrix` prints the table.

const vendors = await startVendors()
const clouds = await startClouds()
const folder = mkdtempSync(join(tmpdir(), 'tollgate-matrix-'))
const configFile = join(folder, 'config.yaml')
writeFileSync(configFile, configFor(vendors.base))
afterAll(async () => {
  await vendors.stop()
  await clouds.stop()
  rmSync(folder, { recursive: true, force: true })
})
const gateway = useGateway({ configFile, providers: false, vars: clouds.vars })

it.concurrent.for(Object.keys(clients))('%s is served by every family, or told why not', async (client, { expect }) => {
  const world = { url: gateway().url(), key: MASTER_KEY, vendors }
  const broken: string[] = []
  for (const cell of cells.filter((one) => one.client === client)) {
    const { got, why } = await play(cell, world)
    if (got === 'broken') broken.push(`${cell.family}, ${cell.scenario}: ${why}`)
  }
  expect(broken).toEqual([])
})

const turns = (mark: string) => [{ role: 'user', content: `[plain] cell:${mark}` }]
const contents = (mark: string) => [{ role: 'user', parts: [{ text: `[plain] cell:${mark}` }] }]
it.concurrent.for([
  ['openai', '/v1/chat/completions', '/v1/chat/completions', turns, 'messages'],
  ['vllm', '/v1/chat/completions', '/v1/chat/completions', turns, 'messages'],
  ['responses', '/v1/responses', '/v1/responses', turns, 'input'],
  ['anthropic', '/v1/messages', '/v1/messages', turns, 'messages'],
  [
    'gemini',
    '/v1beta/models/gemini:generateContent',
    '/v1beta/models/gemini:streamGenerateContent?alt=sse',
    contents,
    'contents',
  ],
] as const)('%s: a field of tomorrow passes both ways where the dialect is the same', async (row, { expect }) => {
  const [family, whole, streamed, said, field] = row
  for (const [path, stream] of [
    [whole, false],
    [streamed, true],
  ] as const) {
    const mark = `tomorrow-${family}-${stream}`
    const tomorrow = { deep: [1, null], mark }
    const body = {
      [TOMORROW]: tomorrow,
      [field]: said(mark),
      ...(family !== 'gemini' && { model: family, ...(stream && { stream }) }),
      ...(family === 'anthropic' && { max_tokens: 9 }),
    }
    const answer = await fetch(`${gateway().url()}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    expect(answer.status, text).toBe(200)
    expect(vendors.take(mark).map((asked) => asked.body[TOMORROW])).toEqual([tomorrow])
    expect(text).toContain(`"${TOMORROW}":${JSON.stringify(tomorrow)}`)
  }
})

const movers = ['openai', 'openai responses', 'anthropic', 'google']
it.concurrent.for(movers)('%s: a conversation goes on with another family', async (client, { expect }) => {
  const world = { url: gateway().url(), key: MASTER_KEY, vendors }
  const broken: string[] = []
  for (const from of Object.keys(families))
    for (const to of Object.keys(families)) {
      // An address that is not OpenAI's gets OpenAI's dialect as it is, and some have no tools to move with.
      const isAsItIs = client === 'openai' && to === 'openai'
      const hasNone = [from, to].some((name) => families[name]?.cannot?.tools !== undefined)
      if (from === to || isAsItIs || hasNone) continue
      const why = await move(client, from, to, world)
      if (why !== '') broken.push(`from ${from} to ${to}: ${why}`)
    }
  expect(broken).toEqual([])
})

const asks = {
  'chat completions': ['/v1/chat/completions', 'messages', /"error":/, /\[DONE\]/],
  responses: ['/v1/responses', 'input', /"type":"(?:response\.failed|error)"/, /response\.completed/],
  messages: ['/v1/messages', 'messages', /event: error/, /message_stop/],
  content: ['/v1beta/models/MODEL:streamGenerateContent?alt=sse', 'contents', /"error":/, /"finishReason"/],
} as const
it.concurrent.for(Object.entries(asks))(
  '%s: a vendor that fails in the middle is said to have failed',
  async (row, { expect }) => {
    const [, [path, field, error, end]] = row
    const broken: string[] = []
    for (const family of Object.keys(families)) {
      const said = `Please [dies] cell:dies-${family}.`
      const turn = field === 'contents' ? { role: 'user', parts: [{ text: said }] } : { role: 'user', content: said }
      const own = field === 'contents' ? {} : { model: family, stream: true }
      const answer = await fetch(`${gateway().url()}${path.replace('MODEL', family)}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...own, [field]: [turn], ...(path === '/v1/messages' && { max_tokens: 99 }) }),
      })
      const text = await answer.text()
      if (answer.status !== 200 || !text.includes('Gr') || !error.test(text) || end.test(text))
        broken.push(`${family}: ${answer.status} ${text.slice(-300)}`)
    }
    expect(broken).toEqual([])
  },
)
