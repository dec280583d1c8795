import { lstat, readdir } from 'node:fs/promises'
import type { Check } from './check.ts'

const LIMIT_MIB = 1024

export const installSize: Check = {
  name: 'size of node_modules',
  find: async () => {
    const mib = (await bytesUnder('node_modules')) / 1024 ** 2
    if (mib <= LIMIT_MIB) return []
    return [
      `node_modules takes ${mib.toFixed(0)} MiB, more than ${LIMIT_MIB}.\nSee what is heavy: du -sm node_modules/* node_modules/@*/* | sort -n | tail. Then install it on demand, as the bench does, or choose something smaller.`,
    ]
  },
}

/** As the disk has them: what is linked from several places counts once (workerd and Node lie there twice). */
async function bytesUnder(folder: string, seen = new Set<number>()): Promise<number> {
  let total = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      total += await bytesUnder(path, seen)
      continue
    }
    const { ino, nlink, size } = await lstat(path)
    if (nlink > 1 && seen.has(ino)) continue
    seen.add(ino)
    total += size
  }
  return total
}
