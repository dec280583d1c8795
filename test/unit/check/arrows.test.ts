import { describe, expect, it } from 'vitest'
import { badArrows } from '../../../scripts/check/arrows.ts'

const faultsOf = (path: string, text: string) => badArrows([{ path, text }])

describe('arrows between layers', () => {
  it.each([
    ['src/gateway/serve.ts', "import type { Ledger } from '../ledger/port.ts'"],
    ['src/ledger/port.ts', "import type { SpendEvent } from '../spend/event.ts'"],
    ['src/ledger/take.ts', "import { nextWindow } from '../budget/window.ts'"],
    ['src/routes/admin/keys.ts', "import { nextWindow } from '../../budget/window.ts'"],
    ['src/routes/admin/keys.ts', "import { Hono } from 'hono'"],
    ['src/ledger/ledger-object.ts', "import { DurableObject } from 'cloudflare:workers'"],
    ['src/spend/record-neon.ts', "import { sql } from 'drizzle-orm'"],
    ['src/tenants/upstash-principals.ts', "import { Redis } from '@upstash/redis/cloudflare'"],
    ['src/config/config.ts', "import * as z from 'zod'"],
    ['src/deps.ts', "import { relay } from './gateway/relay.ts'"],
    ['src/ids.ts', "// import { a } from './deps.ts'\n/* import './deps.ts' */\nexport const a = 1"],
  ])('lets %s import what is its own: %s', (path, text) => expect(faultsOf(path, text)).toEqual([]))

  it.each([
    ['a later layer', 'src/routing/order.ts', "import { serve } from '../gateway/serve.ts'", 'later layer (6)'],
    ['a later layer, as a type', 'src/money.ts', "import type { Price } from './prices/price.ts'", 'later layer'],
    ['a later layer, over lines', 'src/money.ts', "import {\n  a,\n  b,\n} from './deps.ts'", 'later layer'],
    ['a later layer, re-exported', 'src/money.ts', "export { a } from './deps.ts'", 'later layer'],
    ['a later layer, lazily', 'src/money.ts', "const x = await import('./deps.ts')", 'later layer'],
    ['a later layer, for its effect', 'src/money.ts', "import './deps.ts'", 'later layer'],
    [
      'a neighbour',
      'src/ledger/durable.ts',
      "import { record } from '../spend/record-neon.ts'",
      'do not know each other',
    ],
    ['budget from the gateway', 'src/gateway/serve.ts', "import { w } from '../budget/window.ts'", 'only ledger/'],
    ['limits from a plain route', 'src/routes/chat.ts', "import { w } from '../limits/sliding.ts'", 'only ledger/'],
    ['limits from budget', 'src/budget/window.ts', "import { w } from '../limits/sliding.ts'", 'only ledger/'],
    ['cloudflare:workers', 'src/gateway/serve.ts', "import { env } from 'cloudflare:workers'", 'cloudflare:workers'],
    ['drizzle', 'src/tenants/principal.ts', "import { eq } from 'drizzle-orm'", 'Postgres'],
    ['Upstash', 'src/deps.ts', "import { Redis } from '@upstash/redis'", 'Upstash'],
    ['hono', 'src/gateway/serve.ts', "import { Hono } from 'hono'", 'hono'],
    ['Node', 'src/ids.ts', "import { createHash } from 'node:crypto'", 'Web API'],
    ['zod by name', 'src/config/config.ts', "import { z } from 'zod'", '* as z'],
    ['a folder', 'src/deps.ts', "import { a } from './gateway'", 'name the file'],
    ['an index', 'src/deps.ts', "import { a } from './gateway/index.ts'", 'name the file'],
    ['everything at once', 'src/deps.ts', "export * from './app.ts'", 'name the exports'],
    ['a script', 'src/deps.ts', "import { a } from '../scripts/dev.ts'", 'lives in src/'],
    ['a folder in no layer', 'src/deps.ts', "import { a } from './misc/a.ts'", 'in no layer'],
  ])('finds %s', (_, path, text, said) => {
    const faults = faultsOf(path, text)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(path)
    expect(faults[0]).toContain(said)
  })
})
