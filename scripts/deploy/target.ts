import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse, type TomlTable } from 'smol-toml'
import * as z from 'zod'
import { DeployStop } from './stop.ts'

const queues = z.object({
  producers: z.array(z.object({ queue: z.string() })).default([]),
  consumers: z.array(z.object({ queue: z.string(), dead_letter_queue: z.string().optional() })).default([]),
})
const place = z.object({
  name: z.string().optional(),
  vars: z.record(z.string(), z.unknown()).default({}),
  queues: queues.default({ producers: [], consumers: [] }),
})
const file = place.extend({ name: z.string(), env: z.record(z.string(), place).default({}) })

/** Where a deploy goes: one environment of `wrangler.toml`. */
export interface Target {
  readonly worker: string
  /** `production` is the top of the file; any other name is an `[env.…]` of it. */
  readonly environment: string
  readonly queues: readonly string[]
  readonly vars: readonly string[]
}

export function targetOf(wranglerToml: string, environment: string): Target {
  const { env, ...top } = file.parse(parse(wranglerToml))
  const chosen = environment === 'production' ? top : env[environment]
  if (!chosen) {
    const known = ['production', ...Object.keys(env)].join(', ')
    throw new DeployStop(`wrangler.toml has no environment "${environment}". There are: ${known}.`)
  }
  const { producers, consumers } = chosen.queues
  const dead = consumers.flatMap(({ dead_letter_queue: name }) => name ?? [])
  return {
    worker: chosen.name ?? `${top.name}-${environment}`,
    environment,
    queues: [...new Set([...producers, ...consumers].map(({ queue }) => queue).concat(dead))],
    vars: Object.keys(chosen.vars),
  }
}

/** Wrangler's own way to name the environment; the empty name is the top of the file. */
export function environmentFlag({ environment }: Target): string {
  return `--env=${environment === 'production' ? '' : environment}`
}

export function readWranglerToml(): string {
  return readFileSync('wrangler.toml', 'utf8')
}

/** The same configuration without `limits`, which a Free account may not set; readable from any folder. */
export function withoutLimits(wranglerToml: string, root: string): TomlTable {
  const { limits: _, env, ...rest } = parse(wranglerToml)
  const environments = Object.entries(isTable(env) ? env : {}).map(([name, value]) => {
    const { limits: _none, ...kept } = isTable(value) ? value : {}
    return [name, anchored(kept, root)]
  })
  return { ...anchored(rest, root), ...(environments.length > 0 ? { env: Object.fromEntries(environments) } : {}) }
}

function anchored(table: TomlTable, root: string): TomlTable {
  const { main, assets, build } = table
  return {
    ...table,
    ...(typeof main === 'string' ? { main: resolve(root, main) } : {}),
    ...(isTable(assets) && typeof assets.directory === 'string'
      ? { assets: { ...assets, directory: resolve(root, assets.directory) } }
      : {}),
    ...(isTable(build) ? { build: { command: build.command ?? '', cwd: root } } : {}),
  }
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
