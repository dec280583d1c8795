import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parsed } from '../../../src/dialects/loose-json.ts'
import { dying } from './dying.ts'
import { families } from './families.ts'
import { answerTo, type Heard, TOMORROW } from './words.ts'

/** What a vendor was asked, and which of its rules the request broke. */
export interface Asked {
  readonly family: string
  readonly heard: Heard | undefined
  readonly faults: readonly string[]
  readonly body: Readonly<Record<string, unknown>>
}

/** Every family on one port. A request is filed under the mark `cell:…` somewhere in its text. */
export async function startVendors() {
  const asked = new Map<string, Asked[]>()
  const server = createServer((request, response) => {
    const received: Buffer[] = []
    request.on('data', (piece: Buffer) => received.push(piece))
    request.on('end', () => {
      const text = Buffer.concat(received).toString()
      const { pathname, search } = new URL(request.url ?? '/', 'http://x')
      const [name, family] = Object.entries(families).find(([, { base }]) => pathname.startsWith(`${base}/`)) ?? []
      const given = parsed(text)
      if (!name || !family || typeof given !== 'object' || given === null)
        return send(response, 404, { error: { message: `nobody is at ${pathname}` } })
      const body = { ...given } as Readonly<Record<string, unknown>>
      const faults: string[] = []
      if (!family.isAt.test(pathname.slice(family.base.length))) faults.push(`nothing is at ${pathname}`)
      const [header, value] = family.key
      if (!value.test(String(request.headers[header]))) faults.push(`${header} does not hold the vendor's own key`)
      let heard: Heard | undefined
      try {
        heard = family.vendor.hear(body, faults)
      } catch (error) {
        faults.push(`cannot be read: ${String(error)}`)
      }
      const cell = /cell:([\w-]+)/.exec(text)?.[1] ?? ''
      asked.set(cell, [...(asked.get(cell) ?? []), { family: name, heard, faults, body }])
      if (!heard || faults.length > 0) return send(response, 400, family.vendor.refusal(faults.join('; ')))
      const said = answerTo(heard)
      const streams = body.stream === true || /stream/i.test(pathname) || search.includes('alt=sse')
      const isOllama = name === 'ollama' && body.stream !== false
      const more = TOMORROW in body ? { [TOMORROW]: body[TOMORROW] } : undefined
      if (!streams && !isOllama) return send(response, 200, { ...family.vendor.whole(said), ...more })
      const { type, bytes: plain } = family.vendor.stream(said)
      const bytes = text.includes('[dies]')
        ? dying(name, plain)
        : more
          ? Buffer.from(plain.toString().replaceAll('data: {', `data: {${JSON.stringify(more).slice(1, -1)},`))
          : plain
      response.writeHead(200, { 'content-type': type })
      // Cut where no event and no character ends.
      for (let at = 0; at < bytes.length; at += 97) response.write(bytes.subarray(at, at + 97))
      return response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    base,
    /** What was asked for this cell, in its order; forgotten with that. */
    take(cell: string): readonly Asked[] {
      const found = asked.get(cell) ?? []
      asked.delete(cell)
      return found
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function send(to: ServerResponse, status: number, body: object): ServerResponse {
  return to.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** A gateway's config with a group for each family, named as it is. */
export function configFor(base: string): string {
  const rows = Object.entries(families).flatMap(([name, { params, base: path, baseModel }]) => {
    const address = name === 'bedrock' ? 'aws_bedrock_runtime_endpoint' : 'api_base'
    const given = Object.entries({ ...params, [address]: `${base}${path}` })
    return [
      `  - model_name: ${name}`,
      '    litellm_params:',
      ...given.map(([key, value]) => `      ${key}: '${value}'`),
      ...(baseModel === undefined ? [] : [`    model_info: { base_model: ${baseModel} }`]),
    ]
  })
  return [
    'model_list:',
    ...rows,
    'litellm_settings: { num_retries: 0 }',
    'general_settings:',
    '  master_key: os.environ/LITELLM_MASTER_KEY',
    '  database_url: os.environ/DATABASE_URL',
    "  user_url_allowed_hosts: ['127.0.0.1']",
    '',
  ].join('\n')
}
