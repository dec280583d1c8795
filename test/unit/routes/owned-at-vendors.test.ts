import { beforeEach, describe, expect, it } from 'vitest'
import { memoryVendorObjects } from '../../../src/batches/memory.ts'
import { MASTER, world } from './world.ts'

/** What each vendor answers where something is put there; whatever else is asked is answered with its path. */
const MADE: Readonly<Record<string, object>> = {
  '/v1/threads': { id: 'thread_1', object: 'thread' },
  '/v1/vector_stores': { id: 'vs_1', object: 'vector_store' },
  '/v1/files': { id: 'file_1', type: 'file' },
  '/upload/v1beta/files': { file: { name: 'files/abc', uri: 'https://x/v1beta/files/abc' } },
  '/v1beta/cachedContents': { name: 'cachedContents/c1' },
}

async function vendors() {
  const w = world()
  const asked: string[] = []
  const objects = memoryVendorObjects()
  Object.assign(w.deps, { batches: { objects, record: () => Promise.resolve() } })
  Object.assign(w.deps.gateway, {
    defer: (_: string, work: Promise<unknown>) => void work.catch(() => {}),
    env: {
      ...w.deps.gateway.env,
      OPENAI_API_KEY: 'sk-o',
      ANTHROPIC_API_KEY: 'sk-a',
      MISTRAL_API_KEY: 'sk-m',
      GEMINI_API_KEY: 'sk-g',
    },
    fetch: (url: string, { method }: RequestInit) => {
      const { pathname } = new URL(url)
      asked.push(`${method} ${pathname}`)
      if (method === 'POST' && /chat|messages|responses|generate/.test(pathname))
        return Promise.resolve(Response.json({}, { status: 400 }))
      return Promise.resolve(Response.json((method === 'POST' ? MADE[pathname] : undefined) ?? { pathname }))
    },
  })
  const send = async (who: string, method: string, path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${who}`, 'content-type': 'application/json' }
    const { status } = await w.said(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return status
  }
  return { asked, objects, send, mine: await w.key({}), theirs: await w.key({}), w }
}

describe('what somebody keeps at a vendor', () => {
  let v: Awaited<ReturnType<typeof vendors>>
  beforeEach(async () => {
    v = await vendors()
  })

  const places: readonly (readonly [string, string, readonly string[]])[] = [
    ['/openai/v1/threads', 'thread_1', ['/openai/v1/threads/thread_1', '/openai/v1/threads/thread_1/messages']],
    ['/openai/v1/vector_stores', 'vs_1', ['/openai/v1/vector_stores/vs_1', '/openai/v1/vector_stores%2Fvs_1']],
    [
      '/anthropic/v1/files',
      'file_1',
      [
        ...['/anthropic/v1/files/file_1', '/anthropic/v1/files/file_1/content', '/anthropic/v1/files%2Ffile_1'],
        ...['/anthropic/V1/files/file_1', '/anthropic/v1/Files/file_1/content', '/anthropic/v1/files/file_1/other'],
      ],
    ],
    ['/mistral/v1/files', 'file_1', ['/mistral/v1/files/file_1/url', '/mistral/v1/FILES/file_1']],
    ['/gemini/upload/v1beta/files', 'files/abc', ['/gemini/v1beta/files/abc', '/gemini/v1beta/files/abc:download']],
    ['/gemini/v1beta/cachedContents', 'cachedContents/c1', ['/gemini/v1beta/cachedContents/c1']],
  ]
  it.each(places)('by %s is not there for others, however they write it', async (place, id, paths) => {
    expect(await v.send(v.mine, 'POST', place, {})).toBe(200)
    for (const path of paths) {
      const before = v.asked.length
      for (const method of ['GET', 'DELETE'])
        expect(await v.send(v.theirs, method, path), `${method} ${path}`).toBe(404)
      expect(v.asked.length, path).toBe(before)
      expect(await v.send(v.mine, 'GET', path), path).toBe(200)
      expect(await v.send(MASTER, 'GET', path), path).toBe(200)
    }
    const last = paths[0] ?? ''
    expect(await v.send(v.mine, 'DELETE', last)).toBe(200)
    expect(await v.objects.owners([id], ['openai', 'anthropic', 'mistral', 'gemini'])).toEqual([])
  })

  it('is forgotten where an admin deletes it', async () => {
    await v.send(v.mine, 'POST', '/anthropic/v1/files', {})
    await v.send(v.mine, 'POST', '/openai/v1/threads', {})
    expect(await v.send(MASTER, 'DELETE', '/anthropic/v1/files/file_1')).toBe(200)
    expect(await v.send(MASTER, 'DELETE', '/openai/v1/threads/thread_1')).toBe(200)
    expect(await v.objects.owners(['file_1', 'thread_1'], ['anthropic', 'openai'])).toEqual([])
  })

  const uses: readonly (readonly [string, string, string, unknown])[] = [
    [
      'a chat',
      '/anthropic/v1/files',
      '/v1/chat/completions',
      { model: 'small', messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file_1' } }] }] },
    ],
    [
      'Responses',
      '/openai/v1/vector_stores',
      '/v1/responses',
      { model: 'small', input: 'hi', tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] },
    ],
    [
      'Messages',
      '/anthropic/v1/files',
      '/v1/messages',
      {
        model: 'small',
        max_tokens: 9,
        messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }] }],
      },
    ],
    [
      'generateContent',
      '/gemini/upload/v1beta/files',
      '/v1beta/models/small:generateContent',
      { contents: [{ parts: [{ fileData: { fileUri: 'https://x/v1beta/files/abc' } }] }] },
    ],
    [
      'Messages that are passed on',
      '/anthropic/v1/files',
      '/anthropic/v1/messages',
      { model: 'c', messages: [{ content: [{ source: { type: 'file', file_id: 'file_1' } }] }] },
    ],
    [
      'a thread',
      '/openai/v1/vector_stores',
      '/openai/v1/threads',
      { tool_resources: { file_search: { vector_store_ids: ['vs_1'] } } },
    ],
  ]
  it.each(uses)('goes into nobody else’s %s', async (_, place, path, body) => {
    expect(await v.send(v.mine, 'POST', place, {})).toBe(200)
    const before = v.asked.length
    expect(await v.send(v.theirs, 'POST', path, body)).toBe(404)
    expect(v.asked.length).toBe(before)
    expect(await v.send(v.mine, 'POST', path, body)).not.toBe(404)
  })

  it('is shared in its team, and by admins with all', async () => {
    await v.w.post('/team/new', { team_id: 'red' })
    const [one, other] = [await v.w.key({ team_id: 'red' }), await v.w.key({ team_id: 'red' })]
    await v.send(one, 'POST', '/openai/v1/threads', {})
    expect(await v.send(other, 'GET', '/openai/v1/threads/thread_1')).toBe(200)
    expect(await v.send(v.mine, 'GET', '/openai/v1/threads/thread_1')).toBe(404)
    await v.send(MASTER, 'POST', '/openai/v1/vector_stores', {})
    expect(await v.send(v.mine, 'GET', '/openai/v1/vector_stores/vs_1')).toBe(200)
  })

  it('is no key of the vendor’s own, but for admins', async () => {
    const place = '/openai/v1/realtime/client_secrets'
    expect(await v.send(v.mine, 'POST', place, {})).toBe(403)
    expect(v.asked).toEqual([])
    expect(await v.send(MASTER, 'POST', place, {})).toBe(200)
  })

  it('that nobody here made is the vendor’s to judge, except for files', async () => {
    expect(await v.send(v.mine, 'GET', '/openai/v1/threads/thread_9')).toBe(200)
    expect(await v.send(v.mine, 'GET', '/anthropic/v1/files/file_9')).toBe(404)
    expect(await v.send(v.mine, 'GET', '/mistral/v1/files%2Ffile_9')).toBe(404)
  })
})
