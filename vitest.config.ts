import { availableParallelism } from 'node:os'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const STORM = ['test/e2e/storm.test.ts']
/** Properties are drawn from one seed. */
const setupFiles = ['./test/support/seed.ts']

export default defineConfig({
  test: {
    // Much of the time is waiting for databases and gateways to start, so two files share even the smallest machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          include: ['test/unit/**/*.test.ts', 'test/contract/**/*.test.ts'],
          testTimeout: 30_000,
          // One worker loads a module once for all its files, which is most of their time: so a file leaves nothing behind.
          isolate: false,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './test/workers/wrangler.toml' } })],
        test: { name: 'workers', setupFiles, include: ['test/workers/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        test: {
          name: 'e2e',
          setupFiles,
          include: ['test/e2e/**/*.test.ts'],
          exclude: STORM,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // By itself, after all others: it knows how late what it sees may be on a machine that does nothing else.
        test: { name: 'storm', setupFiles, include: STORM, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
