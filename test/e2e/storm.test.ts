import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { storm } from '../../scripts/prove/storm.ts'

// The long form is `npm run prove:budgets`.

const stateDir = mkdtempSync(join(tmpdir(), 'tollgate-storm-'))
// As root, the database runs as another user, who must get in.
chmodSync(stateDir, 0o711)
afterAll(() => rmSync(stateDir, { recursive: true, force: true }))

it('a storm breaks no promise: evictions, SIGKILL, an outage, a queue that repeats itself, limits that move', async () => {
  const lines: string[] = []
  const { verdict, chaos, polls } = await storm(
    {
      seed: Number(process.env.STORM_SEED ?? 1),
      requests: 300,
      concurrency: 40,
      isolates: 4,
      organizations: 3,
      teams: 6,
      keys: 24,
      shared: 4,
    },
    { stateDir, log: (line) => lines.push(line) },
  )
  const none = Object.fromEntries(Object.keys(verdict.broken).map((what) => [what, 0]))
  expect(verdict.broken, JSON.stringify({ examples: verdict.examples, lines }, null, 1)).toEqual(none)

  // It was a storm at all.
  expect(chaos).toMatchObject({ kill: 1, database: 1, evict: expect.any(Number), queue: expect.any(Number) })
  expect(chaos).toMatchObject({ increase: expect.any(Number), '/key/…/reset_spend': expect.any(Number) })
  expect(polls).toBeGreaterThan(5)
  expect(verdict.counted.answered).toBeGreaterThan(30)
  expect(verdict.counted['refused: budget']).toBeGreaterThan(5)
  expect(verdict.counted['refused: rate']).toBeGreaterThan(0)
}, 120_000)
