import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Redis, RedisError } from '../../../scripts/local/redis.ts'
import { memoryRedis } from '../../../scripts/local/redis-memory.ts'
import { serverRedis } from '../../../scripts/local/redis-server.ts'

const real = await serverRedis()
const backends = [memoryRedis(), ...(real ? [real] : [])]

/** Command → reply; an Error is the refusal. What a real Redis 7 says, and memory must say too. */
const conversation: readonly (readonly [string, unknown])[] = [
  ['PING', 'PONG'],
  ['GET none', null],
  ['SET a 1', 'OK'],
  ['SET a 2 NX', null],
  ['SET a 3 GET', '1'],
  ['SET b 1 XX', null],
  ['SET a x GET NX', '3'],
  ['GET a', '3'],
  ['INCR a', 4],
  ['INCRBY a 6', 10],
  ['DECRBY a 3', 7],
  ['INCRBY a x', Error('ERR value is not an integer or out of range')],
  ['APPEND a é', 3],
  ['STRLEN a', 3],
  ['INCR a', Error('ERR value is not an integer or out of range')],
  ['SETNX a 1', 0],
  ['SET t v EX 100', 'OK'],
  ['TTL t', 100],
  ['SET t w KEEPTTL', 'OK'],
  ['TTL t', 100],
  ['PERSIST t', 1],
  ['TTL t', -1],
  ['TTL none', -2],
  ['EXPIRE t 50', 1],
  ['EXPIRE t 60 NX', 0],
  ['EXPIRE t 10 GT', 0],
  ['EXPIRE t 70 GT', 1],
  ['TTL t', 70],
  ['EXPIRE none 5', 0],
  ['EXPIRE t -1', 1],
  ['EXISTS t', 0],
  ['SET t v EX 0', Error("ERR invalid expire time in 'set' command")],
  ['SET t v EX', Error('ERR syntax error')],
  ['SET t v EX 5 PX 5', Error('ERR syntax error')],
  ['SETEX t 5 v', 'OK'],
  ['GETEX t PERSIST', 'v'],
  ['TTL t', -1],
  ['GETDEL t', 'v'],
  ['MSET x 1 y 2', 'OK'],
  ['MGET x none y', ['1', null, '2']],
  ['MSET x', Error("ERR wrong number of arguments for 'mset' command")],
  ['HSET h f 1 g 2', 2],
  ['HSET h f 3', 0],
  ['HGET h f', '3'],
  ['HMGET h f none', ['3', null]],
  ['HGETALL h', ['f', '3', 'g', '2']],
  ['HINCRBY h g 5', 7],
  ['HLEN h', 2],
  ['HDEL h f none', 1],
  ['HEXISTS h f', 0],
  ['HGETALL none', []],
  ['GET h', Error('WRONGTYPE Operation against a key holding the wrong kind of value')],
  ['SADD h a', Error('WRONGTYPE Operation against a key holding the wrong kind of value')],
  ['SADD s a b a', 2],
  ['SISMEMBER s a', 1],
  ['SREM s a', 1],
  ['SMEMBERS s', ['b']],
  ['SREM s b', 1],
  ['EXISTS s', 0],
  ['TYPE h', 'hash'],
  ['TYPE none', 'none'],
  ['EXISTS x y x none', 3],
  ['UNLINK x y none', 2],
  ['KEYS [ab]', ['a']],
  ['KEYS ?', expect.arrayContaining(['a', 'h'])],
  ['SCAN 0 MATCH h* COUNT 100', ['0', ['h']]],
  ['SCAN x', Error('ERR invalid cursor')],
  ['DEL h a', 2],
  ['DBSIZE', 0],
  ['GET', Error("ERR wrong number of arguments for 'get' command")],
  ['NOSUCH a b', Error("ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' ")],
  ['FLUSHDB', 'OK'],
]

describe.each(backends.map((redis) => [redis.name, redis] as const))('%s', (_, redis) => {
  beforeAll(() => redis.run(['FLUSHDB']))
  afterAll(() => redis.close())

  test.each(conversation.map(([command, reply], at) => [at, command, reply] as const))(
    '%i %s',
    async (_at, command, reply) => {
      const answer = await redis.run(command.split(' ')).catch((error: unknown) => error)
      if (reply instanceof Error) {
        expect(answer).toBeInstanceOf(RedisError)
        expect(answer).toMatchObject({ message: reply.message })
      } else expect(answer).toEqual(reply)
    },
  )

  test('what has expired is gone', async () => {
    await redis.run(['SET', 'short', 'v', 'PX', '30'])
    expect(await redis.run(['GET', 'short'])).toBe('v')
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(await redis.run(['GET', 'short'])).toBeNull()
    expect(await redis.run(['KEYS', 'short'])).toEqual([])
  })

  test('a transaction runs whole; one that cannot be read does not run at all', async () => {
    const replies = await redis.transaction([
      ['SET', 'n', 'text'],
      ['INCR', 'n'],
      ['GET', 'n'],
    ])
    expect(replies).toEqual(['OK', expect.any(RedisError), 'text'])
    await expect(redis.transaction([['SET', 'n', 'other'], ['NOSUCH']])).rejects.toThrow('EXECABORT')
    expect(await redis.run(['GET', 'n'])).toBe('text')
  })
})

describe('time', () => {
  let now = 0
  let redis: Redis
  beforeEach(() => {
    now = 1_000_000
    redis = memoryRedis(() => now)
  })
  test('a key ends exactly when its time has come', async () => {
    await redis.run(['SET', 'k', 'v', 'EX', '10'])
    now += 9_999
    expect(await redis.run(['PTTL', 'k'])).toBe(1)
    now += 1
    expect(await redis.run(['GET', 'k'])).toBeNull()
  })
})
