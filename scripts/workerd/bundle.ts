import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'

export interface BundleOptions {
  /** The Worker's entry file. */
  readonly main: string
  /** Where the modules are written. */
  readonly outDir: string
  /** Exported classes of objects, which the state service serves. */
  readonly objectClasses: readonly string[]
  /** Stands in for `src/generated/`, so that a run with another `config.yaml` leaves the developer's alone. */
  readonly generatedDir?: string
}

export const GATEWAY_MODULE = 'gateway.js'
export const STATE_MODULE = 'state.js'
export const CONTROL_MODULE = 'control.js'
export const ASSETS_MODULE = 'assets.js'

/**
 * esbuild with the settings of `wrangler deploy` (`minify`, and `keep_names` off): wrangler bundles with this same version, and a test compares
 * the two. Calling it ourselves takes a third of a second instead of several, needs no `wrangler.toml` of its own per
 * run, and lets a bench or a storm bring another config.
 */
const likeDeploy = {
  bundle: true,
  format: 'esm',
  target: 'es2024',
  supported: { 'import-source': true, using: true },
  conditions: ['workerd', 'worker', 'browser'],
  platform: 'browser',
  minify: true,
  define: {
    'navigator.userAgent': '"Cloudflare-Workers"',
    'process.env.NODE_ENV': '"production"',
    'global.process.env.NODE_ENV': '"production"',
    'globalThis.process.env.NODE_ENV': '"production"',
  },
  loader: { '.js': 'jsx', '.mjs': 'jsx', '.cjs': 'jsx' },
  external: ['cloudflare:*', 'workerd:*', 'node:*'],
  logLevel: 'silent',
} satisfies BuildOptions

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Writes what the services of one workerd run: the Worker, its objects with their calls counted, and the runner's own. */
export async function bundleGateway({ main, outDir, objectClasses, generatedDir }: BundleOptions): Promise<void> {
  const plugins = generatedDir ? [generatedFrom(generatedDir)] : []
  const write = (file: string, source: BuildOptions): Promise<unknown> =>
    build({ ...likeDeploy, ...source, plugins, outfile: join(outDir, file) })
  const state = { contents: stateEntry(main, objectClasses), resolveDir: here('.'), loader: 'ts' as const }
  await Promise.all([
    write(GATEWAY_MODULE, { entryPoints: [main] }),
    write(STATE_MODULE, { stdin: state }),
    write(CONTROL_MODULE, { entryPoints: [here('control-worker.ts')] }),
    write(ASSETS_MODULE, { entryPoints: [here('assets-worker.ts')] }),
  ])
}

/** One Worker file that is not the gateway, such as a bench's bare proxy, built the same way. */
export async function bundleWorker(entry: string, outFile: string): Promise<void> {
  await build({ ...likeDeploy, entryPoints: [entry], outfile: outFile })
}

function stateEntry(main: string, objectClasses: readonly string[]): string {
  return [
    `import * as worker from ${JSON.stringify(main)}`,
    `import { callCounts, countCalls } from './count-calls.ts'`,
    ...objectClasses.map((name) => `export const ${name} = countCalls(${JSON.stringify(name)}, worker.${name})`),
    'export default { fetch: () => Response.json(callCounts()) }',
  ].join('\n')
}

function generatedFrom(generatedDir: string): Plugin {
  return {
    name: 'generated',
    setup({ onResolve }) {
      onResolve({ filter: /\/generated\/[^/]+$/ }, ({ path }) => ({
        path: join(generatedDir, path.slice(path.lastIndexOf('/') + 1)),
      }))
    },
  }
}
