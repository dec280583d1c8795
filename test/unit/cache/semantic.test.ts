import { beforeEach, describe, expect, it, vi } from 'vitest'
import { memoryVectors } from '../../../src/cache/semantic/memory.ts'
import type { VectorStore } from '../../../src/cache/semantic/port.ts'
import { type Position, positionOf, type Surroundings } from '../../../src/cache/semantic/position.ts'
import { type Look, type Semantic, semantic, semanticDefaults } from '../../../src/cache/semantic/semantic.ts'
import { distanceOf, shadowReport } from '../../../src/cache/semantic/shadow.ts'
import type { ChatMessage, ChatRequest } from '../../../src/dialects/chat.ts'

const form = { setElsewhere: new Set<string>(), openais: false }
const around: Surroundings = { parts: ['team:a', 'gpt'], embedder: 'vectors', form }
const bounds = { mostMessages: 4, mostQuestionChars: 100 }
const user = (content: unknown): ChatMessage => ({ role: 'user', content })
const chat = (content: unknown, more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'gpt',
  messages: [{ role: 'system', content: 'Answer shortly.' }, user(content)],
  ...more,
})
const placed = async (request: ChatRequest, other: Partial<Surroundings> = {}) => {
  const position = await positionOf(request, { ...around, ...other }, bounds)
  if (typeof position === 'string') throw new Error(position)
  return position
}

describe('where a question stands', () => {
  it('is one place for all questions of one conversation, streamed or not', async () => {
    const [one, two] = [await placed(chat('What is a cat?')), await placed(chat('What is a dog?', { stream: true }))]
    expect(one.index).toBe(two.index)
    expect([one.question, two.question]).toEqual(['What is a cat?', 'What is a dog?'])
    expect((await placed(chat([{ type: 'text', text: 'What is a cat?' }]))).question).toBe('What is a cat?')
  })

  it('is another place as soon as anything else differs', async () => {
    const here = (await placed(chat('Why?'))).index
    const others = await Promise.all([
      placed({ model: 'gpt', messages: [user('Why?')] }),
      placed({ model: 'gpt', messages: [{ role: 'system', content: 'Answer at length.' }, user('Why?')] }),
      placed({ model: 'gpt', messages: [...chat('Hi').messages, { role: 'assistant', content: 'Hi' }, user('Why?')] }),
      placed(chat('Why?', { temperature: 0 })),
      placed(chat('Why?', { response_format: { type: 'json_object' } })),
      placed(chat('Why?'), { parts: ['team:b', 'gpt'] }),
      placed(chat('Why?'), { parts: ['team:a', 'claude'] }),
      placed(chat('Why?'), { embedder: 'other vectors' }),
    ])
    expect(new Set([here, ...others.map(({ index }) => index)]).size).toBe(others.length + 1)
    const owners = [await placed(chat('Why?')), others[5]!]
    expect(owners[0]!.owner).not.toBe(owners[1]!.owner)
  })

  it.each([
    ['tools', chat('Why?', { tools: [{ type: 'function' }] })],
    ['tools', { model: 'gpt', messages: [{ role: 'tool', content: '7' }, user('Why?')] }],
    ['not only text', chat([{ type: 'image_url', image_url: { url: 'https://x.test' } }])],
    ['no question', chat('  ')],
    ['no question', { model: 'gpt', messages: [user('Why?'), { role: 'assistant', content: 'Because' }] }],
    ['long question', chat('x'.repeat(101))],
    ['long conversation', { model: 'gpt', messages: Array.from({ length: 5 }, () => user('Why?')) }],
  ])('is nowhere: %s', async (reason, request) => {
    expect(await positionOf(request, around, bounds)).toBe(reason)
  })
})

/** Vectors whose cosine with the first question's is the one that the example names. */
const vectors: Readonly<Record<string, readonly number[]>> = {
  'Microservices là gì?': [1, 0],
  'Hãy giải thích microservices?': [0.94, Math.sqrt(1 - 0.94 ** 2)],
  'Microservice architecture giúp gì?': [0.78, -Math.sqrt(1 - 0.78 ** 2)],
  'Microservices là gì ở Úc?': [0.99, Math.sqrt(1 - 0.99 ** 2)],
}

describe('the semantic cache', () => {
  let nowMs = 0
  let deferred: Promise<unknown>[]
  let answers: Map<string, string>
  let warned: string[]
  const look: Look<string> = {
    embed: (text) => Promise.resolve(vectors[text]),
    answerOf: (key) => Promise.resolve(answers.get(key)),
    defer: (_, work) => void deferred.push(work),
  }
  const made = (store: VectorStore, more: Partial<typeof semanticDefaults> = {}): Semantic =>
    semantic({
      store,
      clock: () => nowMs,
      settings: { ...semanticDefaults, ...more },
      warn: (message, facts) => void warned.push(`${message} ${JSON.stringify(facts)}`),
    })
  const ask = (question: string): Promise<Position> => placed(chat(question))
  const teach = async (cache: Semantic, question: string, key: string, answer: string) => {
    const position = await ask(question)
    answers.set(key, answer)
    await cache.remember(position, { key, vector: Promise.resolve(vectors[question]), ttlMs: 1_000 })
  }

  beforeEach(() => {
    nowMs = 1_000_000
    deferred = []
    answers = new Map()
    warned = []
  })

  it('does as the first example says: a miss, a hit at 0.94, a miss at 0.78', async () => {
    const cache = made(memoryVectors())
    const first = await cache.look(await ask('Microservices là gì?'), look)
    expect(first.found).toEqual({ kind: 'miss', because: 'nothing near' })
    await teach(cache, 'Microservices là gì?', 'k1', 'Small services.')
    const second = await cache.look(await ask('Hãy giải thích microservices?'), look)
    expect(second.found).toMatchObject({ kind: 'hit', answer: 'Small services.', key: 'k1' })
    expect(second.found.similarity).toBeCloseTo(0.94, 6)
    const third = await cache.look(await ask('Microservice architecture giúp gì?'), look)
    expect(third.found).toEqual({ kind: 'miss', because: 'nothing near' })
  })

  it('refuses what is near and not the same, and says why', async () => {
    const cache = made(memoryVectors())
    await teach(cache, 'Microservices là gì?', 'k1', 'Small services.')
    const { found } = await cache.look(await ask('Microservices là gì ở Úc?'), look)
    expect(found).toMatchObject({ kind: 'miss', because: 'refused', refusal: 'name' })
    // A threshold so low that only the guard is left.
    const low = made(memoryVectors(), { threshold: 0.5 })
    await teach(low, 'Microservices là gì?', 'k1', 'Small services.')
    expect((await low.look(await ask('Microservice architecture giúp gì?'), look)).found.kind).toBe('miss')
  })

  it('goes on to the next nearest, and forgets a question whose answer is gone', async () => {
    const store = memoryVectors()
    const cache = made(store)
    await teach(cache, 'Hãy giải thích microservices?', 'k1', 'gone')
    await teach(cache, 'Microservices là gì?', 'k2', 'there')
    answers.delete('k1')
    const { found } = await cache.look(await ask('Hãy giải thích microservices?'), look)
    expect(found).toMatchObject({ kind: 'hit', key: 'k2' })
    await Promise.all(deferred)
    answers.set('k1', 'back')
    expect((await cache.look(await ask('Hãy giải thích microservices?'), look)).found).toMatchObject({ key: 'k2' })
  })

  it('expires', async () => {
    const cache = made(memoryVectors())
    await teach(cache, 'Microservices là gì?', 'k1', 'Small services.')
    nowMs += 1_000
    expect((await cache.look(await ask('Microservices là gì?'), look)).found).toMatchObject({ kind: 'miss' })
  })

  it('lets the request go on at its deadline, and keeps the vector that comes later', async () => {
    vi.useFakeTimers()
    try {
      const cache = made(memoryVectors())
      let give: (vector: readonly number[]) => void = () => {}
      const slow = { ...look, embed: () => new Promise<readonly number[]>((resolve) => (give = resolve)) }
      const looking = cache.look(await ask('Microservices là gì?'), slow)
      await vi.advanceTimersByTimeAsync(299)
      expect(await Promise.race([looking, 'still'])).toBe('still')
      await vi.advanceTimersByTimeAsync(1)
      const { found, vector } = await looking
      expect(found).toEqual({ kind: 'miss', because: 'late' })
      give([1, 0])
      expect(await vector).toEqual([1, 0])
    } finally {
      vi.useRealTimers()
    }
  })

  it('is a miss when the store or the embedder fails, and leaves a store that failed alone for a second', async () => {
    let calls = 0
    const broken: VectorStore = {
      put: () => Promise.reject(new Error('What is secret?')),
      nearest: () => {
        calls += 1
        return Promise.reject(new Error('What is secret?'))
      },
      remove: () => Promise.resolve(),
    }
    const cache = made(broken)
    const position = await ask('Microservices là gì?')
    expect((await cache.look(position, look)).found).toEqual({ kind: 'miss', because: 'unavailable' })
    expect((await cache.look(position, look)).found).toEqual({ kind: 'miss', because: 'unavailable' })
    expect(calls).toBe(1)
    nowMs += 1_000
    await cache.look(position, look)
    expect(calls).toBe(2)
    expect(warned.join()).not.toContain('secret')
    const unlucky = { ...look, embed: () => Promise.reject(new Error('no money')) }
    expect((await made(memoryVectors()).look(position, unlucky)).found).toEqual({ kind: 'miss', because: 'no vector' })
  })

  it('keeps questions sealed where it is told to', async () => {
    const store = memoryVectors()
    const flip = (text: string) => [...text].reverse().join('')
    const cache = semantic({
      store,
      clock: () => nowMs,
      settings: semanticDefaults,
      warn: () => {},
      seal: (text) => Promise.resolve(flip(text)),
      open: (text) => Promise.resolve(flip(text)),
    })
    await teach(cache, 'Microservices là gì?', 'k1', 'Small services.')
    expect((await cache.look(await ask('Hãy giải thích microservices?'), look)).found.kind).toBe('hit')
    // Who cannot open it finds nothing.
    expect((await made(store).look(await ask('Hãy giải thích microservices?'), look)).found.kind).toBe('miss')
  })

  it('tells in shadow mode what it would have answered, also below the threshold and against the guard', async () => {
    const cache = made(memoryVectors(), { shadow: true })
    await teach(cache, 'Microservices là gì?', 'k1', 'Small services that talk.')
    const real = { real: 'Small services that speak.', textOf: (text: string) => text }
    const near = await cache.watch(await ask('Hãy giải thích microservices?'), look, real)
    expect(near.record!.similarity).toBeCloseTo(0.94, 6)
    expect(near.record!.distance).toBeCloseTo(0.25, 6)
    expect(near.record!.refusal).toBeUndefined()
    const below = await cache.watch(await ask('Microservice architecture giúp gì?'), look, real)
    expect(below.record).toMatchObject({ refusal: 'word' })
    expect(below.record!.similarity).toBeCloseTo(0.78, 6)
  })
})

describe('the report of shadow mode', () => {
  const many = (count: number, similarity: number, distance: number) =>
    Array.from({ length: count }, () => ({ similarity, distance }))

  it('calls a threshold safe while hardly any answer above it was far off', () => {
    const records = [
      ...many(100, 0.975, 0.3),
      ...many(50, 0.945, 0.35),
      ...many(20, 0.915, 0.9),
      ...many(30, 0.81, 0.2),
    ]
    const { safe, rows, requests } = shadowReport([...records, {}])
    expect([safe, requests]).toEqual([0.92, 201])
    expect(rows.find(({ threshold }) => threshold === 0.94)).toMatchObject({ answered: 150, far: 0 })
    expect(rows.find(({ threshold }) => threshold === 0.91)).toMatchObject({ answered: 170, far: 20 })
  })

  it('says nothing from too little, and does not count what the guard would have refused', () => {
    expect(shadowReport(many(29, 0.99, 0)).safe).toBeUndefined()
    const refused = many(100, 0.97, 1).map((one) => ({ ...one, refusal: 'number' }))
    const { safe, rows } = shadowReport([...many(50, 0.97, 0.1), ...refused])
    expect(safe).toBe(0.8)
    expect(rows.find(({ threshold }) => threshold === 0.97)).toMatchObject({ answered: 50, refused: 100 })
  })

  it('measures how far two answers are from each other', () => {
    expect(distanceOf('The same words.', 'the SAME words')).toBe(0)
    expect(distanceOf('one two', 'three four')).toBe(1)
    expect(distanceOf('', '')).toBe(0)
  })
})
