import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'

// A variable of .dev.vars would stand here too: `npm run dev` works with a developer's real keys, tests never do.
it('has the bindings of its own configuration and nothing of the developer', () => {
  const own = Object.keys(env).filter((name) => !name.startsWith('__VITEST'))
  expect(own.sort()).toEqual(['BODIES', 'DATABASE_URL', 'HEALTH', 'LEDGER', 'METRICS'])
  expect(env).toHaveProperty('DATABASE_URL', expect.stringContaining('nobody'))
})
