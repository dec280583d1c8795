import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { bundleWorker } from '../../../scripts/workerd/bundle.ts'

const fixture = (file: string): string => fileURLToPath(new URL(`./fixture/${file}`, import.meta.url))

/** Where the source map is, and which file a comment says it came from, are the only differences allowed. */
const code = (file: string): string => readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\n?/, '\n')

it('makes the very modules that wrangler would upload', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  try {
    const flags = ['deploy', '--dry-run', '--minify', '--outdir', folder, '--config', fixture('wrangler.toml')]
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', CI: '1' }
    const wrangler = fileURLToPath(new URL('../../../node_modules/wrangler/bin/wrangler.js', import.meta.url))
    execFileSync(process.execPath, [wrangler, ...flags], { env, stdio: 'pipe' })
    await bundleWorker(fixture('worker.ts'), join(folder, 'ours.js'))
    expect(code(join(folder, 'ours.js'))).toBe(code(join(folder, 'worker.js')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
