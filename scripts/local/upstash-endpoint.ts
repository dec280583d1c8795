import * as z from 'zod'
import { type Endpoint, type EndpointAnswer, type EndpointRequest, jsonAnswer, serveEndpoint } from './endpoint.ts'
import { type Redis, RedisError, type Reply } from './redis.ts'

export interface UpstashStats {
  requests: number
  /** Each command of a pipeline or transaction counts, as on Upstash's bill. */
  commands: number
}

export interface UpstashEndpoint extends Endpoint {
  readonly token: string
  stats(): Readonly<UpstashStats>
}

const command = z
  .array(z.json())
  .min(1)
  .transform((words) => words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))))
const commands = z.array(command)

/** Upstash's REST protocol over a Redis: one command as body or path, `/pipeline`, `/multi-exec`, base64 answers. */
export async function startUpstashEndpoint(redis: Redis, token: string): Promise<UpstashEndpoint> {
  const stats: UpstashStats = { requests: 0, commands: 0 }

  async function answer({ method, url, headers, body }: EndpointRequest): Promise<EndpointAnswer> {
    const { pathname, searchParams } = new URL(url, 'http://upstash')
    if (method === 'GET' && pathname === '/stats') return jsonAnswer(200, stats)
    const given = headers.authorization?.replace(/^Bearer /i, '') ?? searchParams.get('_token')
    if (given !== token) return jsonAnswer(401, { error: 'WRONGPASS invalid or missing auth token' })
    if (!['GET', 'POST', 'PUT', 'HEAD'].includes(method)) return jsonAnswer(405, { error: 'ERR method not allowed' })
    stats.requests += 1
    const encode = headers['upstash-encoding'] === 'base64' ? base64 : (reply: Reply) => reply
    const one = async (words: readonly string[]) => {
      stats.commands += 1
      return { result: encode(await redis.run(words)) }
    }
    try {
      if (pathname === '/pipeline') {
        const results: unknown[] = []
        for (const words of commands.parse(JSON.parse(body.toString()))) {
          results.push(await one(words).catch((error: unknown) => ({ error: refusal(error) })))
        }
        return jsonAnswer(200, results)
      }
      if (pathname === '/multi-exec') {
        const batch = commands.parse(JSON.parse(body.toString()))
        stats.commands += batch.length
        const replies = await redis.transaction(batch)
        return jsonAnswer(
          200,
          replies.map((reply) => (reply instanceof RedisError ? { error: reply.message } : { result: encode(reply) })),
        )
      }
      const words =
        pathname === '/' ? command.parse(JSON.parse(body.toString())) : pathCommand(pathname, body, searchParams)
      return jsonAnswer(200, await one(words))
    } catch (error) {
      return jsonAnswer(400, { error: refusal(error) })
    }
  }

  const endpoint = await serveEndpoint(answer)
  return {
    ...endpoint,
    token,
    stats: () => ({ ...stats }),
    close: async () => {
      await endpoint.close()
      await redis.close()
    },
  }
}

/** `/set/key/value`, the body as the last argument, the query as options (`?EX=100`). */
function pathCommand(pathname: string, body: Buffer, query: URLSearchParams): string[] {
  const words = pathname.split('/').filter(Boolean).map(decodeURIComponent)
  if (body.length > 0) words.push(body.toString())
  for (const [name, value] of query) if (name !== '_token') words.push(name, ...(value ? [value] : []))
  return words
}

/** As Upstash does it, and the client expects: a bare `OK` stays as it is. */
const base64 = (reply: Reply): Reply => (reply === 'OK' ? reply : encoded(reply))

function encoded(reply: Reply): Reply {
  if (typeof reply === 'string') return Buffer.from(reply).toString('base64')
  return Array.isArray(reply) ? reply.map(encoded) : reply
}

/** A refusal of Redis, or of a body that is none of its commands; anything else is a fault of ours. */
function refusal(error: unknown): string {
  if (error instanceof RedisError) return error.message
  if (error instanceof SyntaxError || error instanceof z.ZodError || error instanceof URIError)
    return 'ERR failed to parse the request: expected a command as a JSON array'
  throw error
}
