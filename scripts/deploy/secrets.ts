import * as z from 'zod'
import type { Config } from '../../src/config/config.ts'
import { alertTexts } from '../../src/config/read.ts'
import { DeployStop } from './stop.ts'
import { environmentFlag, type Target } from './target.ts'
import { refusal, type Wrangler } from './wrangler.ts'

/** A variable that the configuration names, and what stays off without it. */
export interface Secret {
  readonly name: string
  /** Without it the gateway answers nobody. */
  readonly essential: boolean
  readonly uses: readonly string[]
}

/** Every `os.environ/NAME` of the config that its own `environment_variables` do not answer with a plain value. */
export function secretsOf(config: Config): readonly Secret[] {
  const uses = new Map<string, { essential: boolean; uses: string[] }>()
  const note = (value: unknown, use: string, essential: boolean): void => {
    for (const name of referencesIn(value)) {
      const inFile = config.environment[name]
      if (typeof inFile === 'string') continue
      if (inFile !== undefined && inFile.env !== name) {
        note(inFile, use, essential)
        continue
      }
      const known = uses.get(name) ?? { essential: false, uses: [] }
      uses.set(name, { essential: known.essential || essential, uses: [...new Set([...known.uses, use])] })
    }
  }
  note(config.general.masterKey, 'the master key', true)
  note(config.general.databaseUrl, 'the database', true)
  note([config.general.redisUrl, config.general.redisToken], 'the cache shared between isolates', false)
  note(alertTexts(config), 'the receivers of alerts', false)
  note(Object.values(config.observe?.settings ?? {}), 'the sinks that are told of requests', false)
  for (const { disabled, group, provider, model, ...rest } of config.deployments) {
    if (disabled === undefined) note(rest, `${group} (${provider}/${model})`, false)
  }
  return [...uses].map(([name, found]) => ({ name, ...found }))
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if ('env' in value && typeof value.env === 'string' && Object.keys(value).length === 1) return [value.env]
  return Object.values(value).flatMap(referencesIn)
}

const listed = z.array(z.object({ name: z.string() }))

/** The names that the Worker has; none where it was never deployed. */
export async function secretsAt(target: Target, wrangler: Wrangler): Promise<ReadonlySet<string>> {
  const answer = await wrangler.run(['secret', 'list', '--format=json', environmentFlag(target)])
  if (answer.code === 0) {
    const json = answer.stdout.slice(answer.stdout.indexOf('['))
    return new Set(listed.parse(JSON.parse(json)).map(({ name }) => name))
  }
  if (/not found|code: 10007|code: 10090/i.test(`${answer.stdout}${answer.stderr}`)) return new Set()
  throw refusal('Reading which secrets exist', answer)
}

/** Stops where a secret is missing; with `allowMissing` only where the gateway could answer nobody. */
export function requireSecrets(
  secrets: readonly Secret[],
  has: (name: string) => boolean,
  target: Target,
  allowMissing: boolean,
): readonly Secret[] {
  const missing = secrets.filter(({ name }) => !has(name))
  const blocking = missing.filter(({ essential }) => essential || !allowMissing)
  if (blocking.length === 0) return missing
  const lines = blocking.map(
    ({ name, uses, essential }) =>
      `  ${name}   for ${uses.join(', ')}${essential ? '' : ' (optional)'}\n    npx wrangler secret put ${name} ${environmentFlag(target)}`,
  )
  const optional = blocking.some(({ essential }) => !essential)
  throw new DeployStop(
    [
      `${blocking.length} secret${blocking.length === 1 ? ' is' : 's are'} missing that the config refers to:`,
      ...lines,
      `Or write them as NAME=value into ${secretsFileOf(target)}, which git ignores: they are uploaded with the deploy.`,
      ...(optional ? ['With --allow-missing what is optional stays off and the rest is deployed.'] : []),
    ].join('\n'),
  )
}

/** `.dev.vars.production`, `.dev.vars.staging`. */
export function secretsFileOf({ environment }: Target): string {
  return `.dev.vars.${environment}`
}
