import { spawn } from 'node:child_process'
import { existsSync, unwatchFile, watchFile } from 'node:fs'
import { basename, join } from 'node:path'

/** Runs scripts/generate.ts, which makes the Worker's config out of config.yaml. False where it found problems. */
export function generate(root: string, print: (text: string) => void): Promise<boolean> {
  const child = spawn(process.execPath, [join(root, 'scripts/generate.ts')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => print(chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code === 0))
  })
}

/**
 * Brings each change of the config into the running gateway. A broken one is shown and changes nothing: the gateway
 * goes on with the last good one. Returns what ends the watch.
 */
export function watchConfig(file: string, root: string, log: (line: string) => void): () => void {
  let running = false
  let again = false
  const apply = async () => {
    again = true
    if (running) return
    running = true
    while (again) {
      again = false
      log(await applyOnce(file, root, log))
    }
    running = false
  }
  // Polling sees every way an editor saves.
  watchFile(file, { interval: 300 }, (now, before) => {
    if (now.mtimeMs !== before.mtimeMs || now.size !== before.size) void apply()
  })
  return () => unwatchFile(file)
}

async function applyOnce(file: string, root: string, log: (line: string) => void): Promise<string> {
  const name = basename(file)
  if (!existsSync(file)) return `${name} is gone; the gateway goes on with the last one.`
  try {
    if (await generate(root, (text) => log(text.trimEnd()))) return `${name} changed, and the gateway follows it.`
    return `${name} has problems (above); the gateway goes on with the last good one.`
  } catch (error) {
    return `scripts/generate.ts could not run: ${error instanceof Error ? error.message : String(error)}`
  }
}
