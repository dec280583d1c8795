import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import type { Check } from './check.ts'
import { command, findingsOf, quietWrangler } from './command.ts'

/** What the gateway may weigh, compressed. Raising it is a decision: say in the commit what the new bytes buy. */
const LIMIT_GZIP_KIB = 528

const FOLDER = '.local/check/bundle'

export const bundle: Check = {
  name: 'bundle size',
  find: async () => {
    const built = await command('wrangler', ['deploy', '--dry-run', `--outdir=${FOLDER}`], quietWrangler)
    if (built.code !== 0) return findingsOf(built, 'The Worker does not build.')
    const kib = gzipSync(await readFile(`${FOLDER}/worker.js`)).byteLength / 1024
    if (kib <= LIMIT_GZIP_KIB) return []
    return [
      `The bundle weighs ${kib.toFixed(1)} KiB compressed; LIMIT_GZIP_KIB in scripts/check/bundle.ts allows ${LIMIT_GZIP_KIB}.\nSee what grew: npx wrangler deploy --dry-run --metafile, or raise the number on purpose.`,
    ]
  },
}
