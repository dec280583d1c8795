import { readdir, readFile } from 'node:fs/promises'
import { basename, posix } from 'node:path'
import type { Check } from './check.ts'

export interface SourceFile {
  /** From the root of the repository, with slashes: `src/gateway/serve.ts`. */
  readonly path: string
  readonly text: string
}

/** Each layer imports itself and those before it. A file named here stands in another layer than its folder. */
const LAYERS: readonly (readonly string[])[] = [
  ['money.ts', 'ids.ts', 'clock.ts', 'errors.ts', 'seal.ts'],
  ['config', 'prices', 'budget', 'limits', 'routing', 'streams', 'generated'],
  ['dialects', 'providers', 'operations'],
  ['db', 'channels', 'vectors'],
  [
    'tenants',
    'ledger',
    'health',
    'cache',
    'spend',
    'responses',
    'observe',
    'alerts',
    'models',
    'audit',
    'idempotency',
    'batches',
    'identity',
  ],
  ['gateway'],
  ['middleware', 'routes'],
  ['deps.ts', 'deps', 'app.ts', 'worker.ts'],
]
const LAYER_OF_FILE: Readonly<Record<string, number>> = {
  'src/tenants/principal.ts': 1,
  'src/tenants/scope.ts': 1,
  'src/spend/event.ts': 1,
}
/** Neighbours that never import each other; what they share is a type of the second layer. */
const APART = 4

interface Rule {
  readonly package: RegExp
  readonly allowed: (path: string) => boolean
  readonly advice: string
}

const PACKAGE_RULES: readonly Rule[] = [
  {
    package: /^cloudflare:workers$/,
    allowed: (path) => path === 'src/worker.ts' || path.endsWith('-object.ts'),
    advice: 'only src/worker.ts and *-object.ts import cloudflare:workers; pass the value in',
  },
  {
    package: /^(drizzle-orm|@neondatabase\/serverless)(\/|$)/,
    allowed: (path) => path.startsWith('src/db/') || path.endsWith('neon.ts'),
    advice: 'only src/db/ and files ending in neon.ts speak to Postgres; go through the port',
  },
  {
    package: /^@upstash\//,
    allowed: (path) => basename(path).startsWith('upstash-') || /^src\/tenants\/[^/]*redis[^/]*$/.test(path),
    advice: 'only upstash-*.ts and the Redis file of tenants/ speak to Upstash; go through the port',
  },
  {
    package: /^hono(\/|$)/,
    allowed: (path) => path === 'src/app.ts' || /^src\/(routes|middleware)\//.test(path),
    advice: 'only src/app.ts, src/routes/ and src/middleware/ import hono',
  },
  {
    package: /^node:/,
    allowed: () => false,
    advice: 'src runs on Workers without Node compatibility; use a Web API',
  },
]

interface Import {
  readonly specifier: string
  readonly statement: string
}

/** Pure, so that a test shows a bad arrow being found. */
export function badArrows(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    importsOf(file.text).flatMap((one) => faults(file.path, one).map((fault) => `${file.path}: ${fault}`)),
  )
}

function faults(path: string, { specifier, statement }: Import): readonly string[] {
  if (specifier === 'zod' && !/^import\s+(type\s+)?\*\s+as\s+z\b/.test(statement)) {
    return [`write \`import * as z from 'zod'\`: any other form triples the bundle`]
  }
  if (!specifier.startsWith('.')) {
    return PACKAGE_RULES.filter((rule) => rule.package.test(specifier) && !rule.allowed(path)).map(
      (rule) => `imports ${specifier}, but ${rule.advice}`,
    )
  }
  if (/^export\s+(type\s+)?\*/.test(statement)) return [`\`export *\` hides who imports what: name the exports`]
  if (!/\.(ts|json)$/.test(specifier) || /(^|\/)index\.ts$/.test(specifier)) {
    return [`imports ${specifier}: name the file with its ending; a folder or an index has no content of its own`]
  }
  const target = posix.join(posix.dirname(path), specifier)
  return arrowFaults(path, target)
}

function arrowFaults(path: string, target: string): readonly string[] {
  if (!target.startsWith('src/')) return [`imports ${target}: what runs on Workers lives in src/`]
  const [from, to] = [placeOf(path), placeOf(target)]
  for (const [file, place] of [
    [path, from],
    [target, to],
  ] as const) {
    if (place.layer === -1) return [`${file} is in no layer: add its folder to LAYERS in scripts/check/arrows.ts`]
  }
  if (to.layer > from.layer) {
    return [
      `imports ${target}, which is in a later layer (${to.layer + 1}) than its own (${from.layer + 1}): pass it in instead`,
    ]
  }
  if (from.layer === APART && to.layer === APART && from.folder !== to.folder) {
    return [
      `imports ${target}, but ${from.folder} and ${to.folder} do not know each other: let routes/admin or the gateway join them`,
    ]
  }
  const guarded = to.folder === 'budget' || to.folder === 'limits'
  if (guarded && ![to.folder, 'ledger'].includes(from.folder) && !path.startsWith('src/routes/admin/')) {
    return [`imports ${target}, but only ledger/ and routes/admin/ use ${to.folder}/`]
  }
  return []
}

function placeOf(path: string): { folder: string; layer: number } {
  const folder = path.split('/')[1] ?? ''
  return { folder, layer: LAYER_OF_FILE[path] ?? LAYERS.findIndex((names) => names.includes(folder)) }
}

const STATIC = /^[ \t]*((?:import|export)\b[^'"`;]*?\bfrom\s*|import\s*)['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g

function importsOf(text: string): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^[ \t]*\/\/.*$/gm, '')
  return [
    ...[...code.matchAll(STATIC)].map(([, statement, specifier]) => ({
      specifier: specifier ?? '',
      statement: (statement ?? '').trim(),
    })),
    ...[...code.matchAll(DYNAMIC)].map(([statement, specifier]) => ({ specifier: specifier ?? '', statement })),
  ]
}

async function sources(): Promise<readonly SourceFile[]> {
  const names = (await readdir('src', { recursive: true })).map((name) => `src/${name.replaceAll('\\', '/')}`)
  const paths = names.filter((name) => name.endsWith('.ts') && !name.startsWith('src/dashboard/'))
  return Promise.all(paths.sort().map(async (path) => ({ path, text: await readFile(path, 'utf8') })))
}

export const arrows: Check = {
  name: 'arrows between layers',
  find: async () => badArrows(await sources()),
}
