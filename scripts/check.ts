// npm run check [-- NAME …]: everything that must hold before a change is shared; a NAME is a part of a check's name.
import { arrows } from './check/arrows.ts'
import { bundle } from './check/bundle.ts'
import type { Check } from './check/check.ts'
import { command, findingsOf } from './check/command.ts'
import { compatibilityDate } from './check/compatibility-date.ts'
import { format } from './check/format.ts'
import { installSize } from './check/install-size.ts'
import { lockfile } from './check/lockfile.ts'
import { routesDocs, vendorsDocs } from './check/made-docs.ts'
import { trackedText } from './check/tracked-text.ts'
import { types } from './check/types.ts'
import { workerEnv } from './check/worker-env.ts'

/** First: the types and the bundle read what it writes. */
const generated: Check = {
  name: 'generated sources',
  find: async () =>
    findingsOf(await command('node', ['scripts/generate.ts']), 'Mend config.yaml: npm run config:check -- config.yaml'),
}

const CHECKS: readonly Check[] = [
  generated,
  format,
  types,
  arrows,
  workerEnv,
  compatibilityDate,
  lockfile,
  trackedText,
  routesDocs,
  vendorsDocs,
  bundle,
  installSize,
]

const asked = process.argv.slice(2)
const chosen = CHECKS.filter(({ name }) => asked.length === 0 || asked.some((part) => name.includes(part)))
if (chosen.length === 0) {
  console.error(`No check is called ${asked.join(' or ')}. There are: ${CHECKS.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}

let failed = 0
for (const check of chosen) {
  const startedAt = performance.now()
  const findings = await check
    .find()
    .catch((error: unknown) => [error instanceof Error ? error.message : String(error)])
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${findings.length === 0 ? 'ok    ' : 'FAILED'}  ${check.name} (${seconds} s)`)
  for (const finding of findings) console.log(finding.replace(/^/gm, '        '))
  if (findings.length > 0) failed += 1
}
console.log(`${chosen.length - failed} checks passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
