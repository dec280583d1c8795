import type { Manner } from './manners.ts'

/** What a request costs the ledgers and the database when its key asks rarely: nothing is shared, and all of it is held. */
export interface QuietKeys {
  readonly keys: number
  readonly requests: number
  readonly perSecond: number
  readonly objectCallsPerRequest: number
  readonly sqlPerRequest: number
}

const AT_ONCE = 16
const ROUNDS = 3

/** Each key asks three times, once in each round, so that seconds lie between. The first time its key is read as well. */
export async function quietKeys(manner: Manner, keys: readonly string[], body: string): Promise<QuietKeys> {
  const before = await manner.counts()
  const startedAt = performance.now()
  for (let round = 0; round < ROUNDS; round++) {
    const left = [...keys]
    await Promise.all(Array.from({ length: AT_ONCE }, () => askAll(manner.url, left, body)))
  }
  const seconds = (performance.now() - startedAt) / 1000
  await manner.settled()
  const after = await manner.counts()
  const requests = ROUNDS * keys.length
  return {
    keys: keys.length,
    requests,
    perSecond: Math.round(requests / seconds),
    objectCallsPerRequest: share(after.objectCalls - before.objectCalls, requests),
    sqlPerRequest: share(after.sqlStatements - before.sqlStatements, requests),
  }
}

function share(count: number, requests: number): number {
  return Number((count / requests).toFixed(3))
}

async function askAll(url: string, left: string[], body: string): Promise<void> {
  for (let key = left.pop(); key !== undefined; key = left.pop()) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await fetch(url, { method: 'POST', headers, body })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`a quiet key was answered ${answer.status}: ${text}`)
  }
}
