import { expect, it } from 'vitest'
import { hashOf, keyNameOf, newKeyText, tokenOf } from '../../../src/tenants/key-text.ts'

it('a new key is 128 bits that travel anywhere', () => {
  const key = newKeyText((bytes) => bytes.fill(255))
  expect(key).toMatch(/^sk-[\w-]{22}$/)
  expect(newKeyText((bytes) => crypto.getRandomValues(bytes))).not.toBe(
    newKeyText((bytes) => crypto.getRandomValues(bytes)),
  )
})

it("its hash is LiteLLM's: SHA-256 in hex", async () => {
  const hash = '88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b'
  expect(await hashOf('sk-1234')).toBe(hash)
  expect([await tokenOf('sk-1234'), await tokenOf(hash)]).toEqual([hash, hash])
})

it('its name shows the last four, and nothing of a short one', () => {
  expect(keyNameOf('sk-abcdefghijkl')).toBe('sk-...ijkl')
  expect(keyNameOf('sk-1234')).toBe('sk-...')
})
