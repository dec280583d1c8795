// npm run config:check -- [FILE] [--deploy]: says what a config comes to, and everything that is wrong with it.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { requiredVariables } from '../src/config/read.ts'
import { buildConfig } from './config/build.ts'
import { budgetLines, groupLines, routerLines } from './config/plan.ts'
import { noticeLines } from './config/print.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { deploy: { type: 'boolean', default: false } },
})
const fileName = positionals[0] ?? process.env.GATEWAY_CONFIG ?? 'config.yaml'
process.exitCode = check()

function check(): number {
  let yamlText: string
  try {
    yamlText = readFileSync(fileName, 'utf8')
  } catch {
    console.error(`${fileName} cannot be read. Name a file: npm run config:check -- FILE`)
    return 1
  }
  const { config, notices } = buildConfig(yamlText, { fileName, target: values.deploy ? 'deploy' : 'dev' })
  const variables = [...requiredVariables(config)].map(([name, users]) => `${name}, for ${users.join(', ')}`)
  print('Models', groupLines(config))
  print('For every model', routerLines(config))
  print('Budgets', budgetLines(config))
  print('Variables that must be set', variables)
  print('Problems and advice', noticeLines(fileName, notices))

  const errors = notices.filter(({ level }) => level === 'error').length
  const ready = config.deployments.filter(({ disabled }) => disabled === undefined).length
  console.log(`${fileName}: ${ready} of ${config.deployments.length} deployments ready, ${errors} errors.`)
  return errors > 0 ? 1 : 0
}

function print(title: string, lines: readonly string[]): void {
  if (lines.length > 0) console.log(`${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`)
}
