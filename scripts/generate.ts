// npm run generate: makes src/generated/config.json of config.yaml (GATEWAY_CONFIG). wrangler runs it before each build.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildConfig } from './config/build.ts'
import { noticeLines } from './config/print.ts'

const root = resolve(import.meta.dirname, '..')
const fileName = process.env.GATEWAY_CONFIG ?? 'config.yaml'
// Wrangler says what it builds for; what goes to Cloudflare must hold no secrets.
const target = /deploy|upload/.test(process.env.WRANGLER_COMMAND ?? '') ? 'deploy' : 'dev'

const yamlText = read(resolve(root, fileName))
if (yamlText === undefined) {
  console.error(`${fileName} cannot be read. Write it, or name another file in GATEWAY_CONFIG.`)
  process.exitCode = 1
} else {
  const { config, notices } = buildConfig(yamlText, { fileName, target })
  const said = notices.filter(({ level }) => level !== 'advice')
  if (said.length > 0) console.error(noticeLines(fileName, said).join('\n'))
  if (notices.some(({ level }) => level === 'error')) process.exitCode = 1
  else writeIfChanged(resolve(root, 'src/generated/config.json'), `${JSON.stringify(config, null, 2)}\n`)
}

/** wrangler watches the file: writing it again would build again, without end. */
function writeIfChanged(path: string, text: string): void {
  if (read(path) === text) return
  mkdirSync(resolve(path, '..'), { recursive: true })
  writeFileSync(path, text)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
