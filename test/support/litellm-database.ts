import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import pg from 'pg'

export const OLD_SALT = 'sk-old-salt'

/** A database with LiteLLM's documented tables, empty, on this server. */
export async function litellmDatabase(serverUrl: string, name = 'litellm') {
  const server = new pg.Client({ connectionString: serverUrl })
  await server.connect()
  await server.query(`create database ${name}`)
  await server.end()
  const url = serverUrl.replace(/\/[^/]+$/, `/${name}`)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(await readFile('test/fixtures/litellm/tables.sql', 'utf8'))
  return { url, put: (text: string, values: unknown[] = []) => client.query(text, values), end: () => client.end() }
}

/** As LiteLLM seals what it stores, with the old salt key. */
export function sealedThere(text: string): string {
  const nonce = crypto.getRandomValues(new Uint8Array(24))
  const key = new Uint8Array(createHash('sha256').update(OLD_SALT).digest())
  const box = xsalsa20poly1305(key, nonce).encrypt(new TextEncoder().encode(text))
  return Buffer.concat([nonce, box]).toString('base64url')
}
