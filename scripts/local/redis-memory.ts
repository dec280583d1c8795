import { type Redis, RedisError, type Reply } from './redis.ts'

type Value = string | Map<string, string> | Set<string>
interface Entry {
  value: Value
  expiresAt?: number
}

interface Command {
  /** Name and arguments; negative means at least. As in Redis's own table. */
  readonly arity: number
  readonly run: (store: Store, args: readonly string[]) => Reply
}

const wrongType = () => new RedisError('WRONGTYPE Operation against a key holding the wrong kind of value')
const syntaxError = () => new RedisError('ERR syntax error')
const notAnInteger = () => new RedisError('ERR value is not an integer or out of range')

/** The keyspace: expired keys are gone for whoever looks. */
class Store {
  readonly entries = new Map<string, Entry>()
  readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  entry(key: string): Entry | undefined {
    const entry = this.entries.get(key)
    if (entry?.expiresAt === undefined || entry.expiresAt > this.now()) return entry
    this.entries.delete(key)
    return undefined
  }

  text(key: string): string | undefined {
    const value = this.entry(key)?.value
    if (value !== undefined && typeof value !== 'string') throw wrongType()
    return value
  }

  hash(key: string, make = false): Map<string, string> {
    const value = this.entry(key)?.value ?? this.#made(key, new Map<string, string>(), make)
    if (!(value instanceof Map)) throw wrongType()
    return value
  }

  set(key: string, make = false): Set<string> {
    const value = this.entry(key)?.value ?? this.#made(key, new Set<string>(), make)
    if (!(value instanceof Set)) throw wrongType()
    return value
  }

  #made<T extends Value>(key: string, value: T, keep: boolean): T {
    if (keep) this.entries.set(key, { value })
    return value
  }

  /** Redis has no empty collections. */
  dropIfEmpty(key: string): void {
    const value = this.entries.get(key)?.value
    if (value !== undefined && typeof value !== 'string' && value.size === 0) this.entries.delete(key)
  }

  /** Keeps the entry's expiry. */
  write(key: string, value: string): void {
    const entry = this.entry(key)
    if (entry) entry.value = value
    else this.entries.set(key, { value })
  }

  keys(): string[] {
    return [...this.entries.keys()].filter((key) => this.entry(key) !== undefined)
  }
}

function integer(text: string | undefined): bigint {
  if (text === undefined || !/^-?\d{1,19}$/.test(text)) throw notAnInteger()
  return BigInt(text)
}

/** Redis's `*`, `?`, `[a-z]`, `[^a]` and `\`. */
function globPattern(glob: string): RegExp {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const char = glob.charAt(at)
    const end = glob.indexOf(']', at)
    if (char === '*') source += '.*'
    else if (char === '?') source += '.'
    else if (char === '[' && end > at) {
      source += glob.slice(at, end + 1).replaceAll('\\', '\\\\')
      at = end
    } else source += glob.charAt(char === '\\' ? ++at : at).replace(/[\^$.*+?()[\]{}|\\/-]/g, '\\$&')
  }
  return new RegExp(`^${source}$`, 's')
}

const remove = (store: Store, keys: readonly string[]) =>
  keys.filter((key) => store.entry(key) !== undefined && store.entries.delete(key)).length

function addTo(store: Store, key: string, amount: bigint): number {
  const sum = integer(store.text(key) ?? '0') + amount
  if (BigInt.asIntN(64, sum) !== sum) throw new RedisError('ERR increment or decrement would overflow')
  store.write(key, String(sum))
  return Number(sum)
}

/** `EX`, `PX`, `EXAT`, `PXAT` and their value → when it ends; undefined for another word. */
function expiry(word: string | undefined, value: string | undefined, now: number, command: string): number | undefined {
  const unit = { EX: 1000, PX: 1, EXAT: 1000, PXAT: 1 }[word ?? '']
  if (unit === undefined) return undefined
  if (value === undefined) throw syntaxError()
  const amount = Number(integer(value)) * unit
  if (amount <= 0) throw new RedisError(`ERR invalid expire time in '${command}' command`)
  return word?.endsWith('AT') ? amount : now + amount
}

function set(store: Store, [key = '', value = '', ...options]: readonly string[]): Reply {
  let expiresAt: number | undefined
  let only: string | undefined
  let keepTtl = false
  let wantsOld = false
  for (let at = 0; at < options.length; at++) {
    const word = options[at]?.toUpperCase()
    const ends = expiry(word, options[at + 1], store.now(), 'set')
    if (ends !== undefined && expiresAt === undefined && !keepTtl) {
      expiresAt = ends
      at += 1
    } else if ((word === 'NX' || word === 'XX') && only === undefined) only = word
    else if (word === 'KEEPTTL' && expiresAt === undefined) keepTtl = true
    else if (word === 'GET') wantsOld = true
    else throw syntaxError()
  }
  const old = store.entry(key)
  const oldText = wantsOld ? (store.text(key) ?? null) : null
  if (only === (old ? 'NX' : 'XX')) return wantsOld ? oldText : null
  const ends = keepTtl ? old?.expiresAt : expiresAt
  store.entries.set(key, { value, ...(ends !== undefined && { expiresAt: ends }) })
  return wantsOld ? oldText : 'OK'
}

function expire(store: Store, [key = '', ends, ...options]: readonly string[], at: (value: number) => number): Reply {
  const until = at(Number(integer(ends)))
  const entry = store.entry(key)
  if (!entry) return 0
  for (const option of options) {
    const old = entry.expiresAt
    const word = option.toUpperCase()
    if (!['NX', 'XX', 'GT', 'LT'].includes(word)) throw new RedisError(`ERR Unsupported option ${option}`)
    if (word === 'NX' && old !== undefined) return 0
    if (word === 'XX' && old === undefined) return 0
    if (word === 'GT' && until <= (old ?? Infinity)) return 0
    if (word === 'LT' && until >= (old ?? Infinity)) return 0
  }
  entry.expiresAt = until
  store.entry(key)
  return 1
}

function remaining(store: Store, key: string | undefined, unitMs: number): Reply {
  const entry = store.entry(key ?? '')
  if (!entry) return -2
  return entry.expiresAt === undefined ? -1 : Math.round((entry.expiresAt - store.now()) / unitMs)
}

function pairs(args: readonly string[], command: string): [string, string][] {
  if (args.length === 0 || args.length % 2 === 1)
    throw new RedisError(`ERR wrong number of arguments for '${command}' command`)
  return Array.from({ length: args.length / 2 }, (_, n) => [args[2 * n] ?? '', args[2 * n + 1] ?? ''])
}

function setHash(store: Store, [key = '', ...args]: readonly string[], command: string): number {
  const fields = pairs(args, command)
  const hash = store.hash(key, true)
  const before = hash.size
  for (const [field, value] of fields) hash.set(field, value)
  return hash.size - before
}

function typeOf(value: Value | undefined): string {
  if (value === undefined) return 'none'
  if (typeof value === 'string') return 'string'
  return value instanceof Map ? 'hash' : 'set'
}

/** One page holds everything; the cursor is always 0, which Redis allows. */
function scan(store: Store, [cursor, ...options]: readonly string[]): Reply {
  if (cursor === undefined || !/^\d+$/.test(cursor)) throw new RedisError('ERR invalid cursor')
  let found = store.keys()
  for (const [word, value] of pairs([...options, ...(options.length === 0 ? ['COUNT', '10'] : [])], 'scan')) {
    const name = word.toUpperCase()
    if (name === 'MATCH') found = found.filter((key) => globPattern(value).test(key))
    else if (name === 'TYPE') found = found.filter((key) => typeOf(store.entry(key)?.value) === value.toLowerCase())
    else if (name !== 'COUNT') throw syntaxError()
    else if (integer(value) < 1n) throw syntaxError()
  }
  return ['0', found]
}

const flush: Command = {
  arity: -1,
  run: (store) => {
    store.entries.clear()
    return 'OK'
  },
}

const commands: Readonly<Record<string, Command>> = {
  PING: { arity: -1, run: (_, [text]) => text ?? 'PONG' },
  ECHO: { arity: 2, run: (_, [text = '']) => text },
  TIME: {
    arity: 1,
    run: (store) => [String(Math.floor(store.now() / 1000)), String(Math.floor((store.now() % 1000) * 1000))],
  },
  DBSIZE: { arity: 1, run: (store) => store.keys().length },
  FLUSHDB: flush,
  FLUSHALL: flush,
  KEYS: { arity: 2, run: (store, [glob = '']) => store.keys().filter((key) => globPattern(glob).test(key)) },
  SCAN: { arity: -2, run: scan },
  TYPE: { arity: 2, run: (store, [key = '']) => typeOf(store.entry(key)?.value) },
  DEL: { arity: -2, run: remove },
  UNLINK: { arity: -2, run: remove },
  EXISTS: { arity: -2, run: (store, keys) => keys.filter((key) => store.entry(key)).length },
  TTL: { arity: 2, run: (store, [key]) => remaining(store, key, 1000) },
  PTTL: { arity: 2, run: (store, [key]) => remaining(store, key, 1) },
  EXPIRE: { arity: -3, run: (store, args) => expire(store, args, (s) => store.now() + s * 1000) },
  PEXPIRE: { arity: -3, run: (store, args) => expire(store, args, (ms) => store.now() + ms) },
  EXPIREAT: { arity: -3, run: (store, args) => expire(store, args, (s) => s * 1000) },
  PEXPIREAT: { arity: -3, run: (store, args) => expire(store, args, (ms) => ms) },
  PERSIST: {
    arity: 2,
    run: (store, [key = '']) => {
      const entry = store.entry(key)
      if (entry?.expiresAt === undefined) return 0
      delete entry.expiresAt
      return 1
    },
  },

  GET: { arity: 2, run: (store, [key = '']) => store.text(key) ?? null },
  SET: { arity: -3, run: set },
  SETNX: { arity: 3, run: (store, [key = '', value = '']) => (set(store, [key, value, 'NX']) === 'OK' ? 1 : 0) },
  SETEX: {
    arity: 4,
    run: (store, [key = '', ttl = '', value = '']) => {
      const expiresAt = expiry('EX', ttl, store.now(), 'setex') ?? 0
      store.entries.set(key, { value, expiresAt })
      return 'OK'
    },
  },
  PSETEX: {
    arity: 4,
    run: (store, [key = '', ttl = '', value = '']) => {
      const expiresAt = expiry('PX', ttl, store.now(), 'psetex') ?? 0
      store.entries.set(key, { value, expiresAt })
      return 'OK'
    },
  },
  GETSET: { arity: 3, run: (store, [key = '', value = '']) => set(store, [key, value, 'GET']) },
  GETDEL: {
    arity: 2,
    run: (store, [key = '']) => {
      const value = store.text(key) ?? null
      store.entries.delete(key)
      return value
    },
  },
  GETEX: {
    arity: -2,
    run: (store, [key = '', word, ttl, ...more]) => {
      const value = store.text(key) ?? null
      const option = word?.toUpperCase()
      const expiresAt = expiry(option, ttl, store.now(), 'getex')
      if (more.length > 0 || (option !== undefined && expiresAt === undefined && option !== 'PERSIST'))
        throw syntaxError()
      const entry = store.entry(key)
      if (entry && expiresAt !== undefined) entry.expiresAt = expiresAt
      if (entry && option === 'PERSIST') delete entry.expiresAt
      return value
    },
  },
  MGET: {
    arity: -2,
    run: (store, keys) =>
      keys.map((key) => {
        const value = store.entry(key)?.value
        return typeof value === 'string' ? value : null
      }),
  },
  MSET: {
    arity: -3,
    run: (store, args) => {
      for (const [key, value] of pairs(args, 'mset')) store.entries.set(key, { value })
      return 'OK'
    },
  },
  INCR: { arity: 2, run: (store, [key = '']) => addTo(store, key, 1n) },
  INCRBY: { arity: 3, run: (store, [key = '', amount]) => addTo(store, key, integer(amount)) },
  DECR: { arity: 2, run: (store, [key = '']) => addTo(store, key, -1n) },
  DECRBY: { arity: 3, run: (store, [key = '', amount]) => addTo(store, key, -integer(amount)) },
  APPEND: {
    arity: 3,
    run: (store, [key = '', more = '']) => {
      const value = (store.text(key) ?? '') + more
      store.write(key, value)
      return Buffer.byteLength(value)
    },
  },
  STRLEN: { arity: 2, run: (store, [key = '']) => Buffer.byteLength(store.text(key) ?? '') },

  HSET: { arity: -4, run: (store, args) => setHash(store, args, 'hset') },
  HMSET: {
    arity: -4,
    run: (store, args) => {
      setHash(store, args, 'hmset')
      return 'OK'
    },
  },
  HSETNX: {
    arity: 4,
    run: (store, [key = '', field = '', value = '']) => {
      if (store.hash(key).has(field)) return 0
      store.hash(key, true).set(field, value)
      return 1
    },
  },
  HGET: { arity: 3, run: (store, [key = '', field = '']) => store.hash(key).get(field) ?? null },
  HMGET: { arity: -3, run: (store, [key = '', ...fields]) => fields.map((f) => store.hash(key).get(f) ?? null) },
  HGETALL: { arity: 2, run: (store, [key = '']) => [...store.hash(key)].flat() },
  HKEYS: { arity: 2, run: (store, [key = '']) => [...store.hash(key).keys()] },
  HVALS: { arity: 2, run: (store, [key = '']) => [...store.hash(key).values()] },
  HLEN: { arity: 2, run: (store, [key = '']) => store.hash(key).size },
  HEXISTS: { arity: 3, run: (store, [key = '', field = '']) => (store.hash(key).has(field) ? 1 : 0) },
  HDEL: {
    arity: -3,
    run: (store, [key = '', ...fields]) => {
      const removed = fields.filter((field) => store.hash(key).delete(field)).length
      store.dropIfEmpty(key)
      return removed
    },
  },
  HINCRBY: {
    arity: 4,
    run: (store, [key = '', field = '', amount]) => {
      const old = store.hash(key).get(field) ?? '0'
      if (!/^-?\d{1,19}$/.test(old)) throw new RedisError('ERR hash value is not an integer')
      const sum = BigInt(old) + integer(amount)
      store.hash(key, true).set(field, String(sum))
      return Number(sum)
    },
  },

  SADD: {
    arity: -3,
    run: (store, [key = '', ...members]) => {
      const known = store.set(key, true)
      const before = known.size
      for (const member of members) known.add(member)
      return known.size - before
    },
  },
  SREM: {
    arity: -3,
    run: (store, [key = '', ...members]) => {
      const removed = members.filter((member) => store.set(key).delete(member)).length
      store.dropIfEmpty(key)
      return removed
    },
  },
  SMEMBERS: { arity: 2, run: (store, [key = '']) => [...store.set(key)] },
  SISMEMBER: { arity: 3, run: (store, [key = '', member = '']) => (store.set(key).has(member) ? 1 : 0) },
  SCARD: { arity: 2, run: (store, [key = '']) => store.set(key).size },
}

function find([name = '', ...args]: readonly string[]): (store: Store) => Reply {
  const command = commands[name.toUpperCase()]
  if (!command) {
    const shown = args.map((arg) => `'${arg.slice(0, 128)}' `).join('')
    throw new RedisError(`ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${shown}`)
  }
  const { arity, run } = command
  if (arity > 0 ? args.length + 1 !== arity : args.length + 1 < -arity)
    throw new RedisError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)
  return (store) => run(store, args)
}

/** The commands that a cache and a key store need, with Redis's answers and errors. Gone when the process ends. */
export function memoryRedis(now: () => number = Date.now): Redis {
  const store = new Store(now)
  // A refusal thrown inside the executor rejects.
  const settled = <T>(work: () => T) => new Promise<T>((resolve) => resolve(work()))
  return {
    name: 'in memory',
    run: (command) => settled(() => find(command)(store)),
    transaction: (batch) => settled(() => transaction(store, batch)),
    close: () => Promise.resolve(),
  }
}

function transaction(store: Store, batch: readonly (readonly string[])[]): (Reply | RedisError)[] {
  let steps: ((store: Store) => Reply)[]
  try {
    steps = batch.map(find)
  } catch {
    throw new RedisError('EXECABORT Transaction discarded because of previous errors.')
  }
  return steps.map((step) => {
    try {
      return step(store)
    } catch (error) {
      if (error instanceof RedisError) return error
      throw error
    }
  })
}
