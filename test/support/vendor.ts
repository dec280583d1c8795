import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body: unknown
}

/** A vendor of JSON on loopback for one test file; `answer` decides by the path and the body. */
export async function startVendor(answer: (path: string, body: Record<string, unknown>) => Answer | Promise<Answer>) {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const told = answer(request.url ?? '', JSON.parse(String(Buffer.concat(pieces))))
      void Promise.resolve(told).then(({ status = 200, headers = {}, body }) =>
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A config file for one test file. */
export function configFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-config-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, text)
  return file
}
