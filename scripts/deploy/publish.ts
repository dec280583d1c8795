import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { environmentFlag, type Target, withoutLimits } from './target.ts'
import { refusal, type Wrangler, type WranglerAnswer } from './wrangler.ts'

export interface Release {
  /** Names the version in Cloudflare's list and in the gateway's own answers: a commit. */
  readonly tag: string
  readonly message: string
}

export interface Publication {
  readonly target: Target
  readonly release: Release
  readonly wranglerToml: string
  /** The root of the repository. */
  readonly root: string
  /** Secrets that go up with the version; what the Worker has besides stays. */
  readonly secrets: Readonly<Record<string, string>>
}

const NO_LIMITS_ON_FREE = /\b100328\b/

/**
 * Uploads and answers the address, where Cloudflare names one. On a Free account, which refuses `limits`, it says so
 * and uploads once more without them.
 */
export async function publish(
  publication: Publication,
  wrangler: Wrangler,
  log: (line: string) => void,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-deploy-'))
  try {
    const first = await upload(publication, wrangler, folder, [])
    if (first.answer.code === 0) return first.url
    if (!NO_LIMITS_ON_FREE.test(first.answer.stdout + first.answer.stderr)) throw refusal('Deploying', first.answer)
    log(
      "This account is on the Workers Free plan, which does not allow [limits] (error 100328): deploying without it. A request is then cut at the plan's own 10 ms of CPU; for real traffic take Workers Paid (5 USD a month).",
    )
    const second = await upload(publication, wrangler, folder, ['--config', await configWithoutLimits(publication)])
    if (second.answer.code !== 0) throw refusal('Deploying without limits', second.answer)
    return second.url
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function upload(
  { target, release, secrets }: Publication,
  wrangler: Wrangler,
  folder: string,
  more: readonly string[],
): Promise<{ answer: WranglerAnswer; url: string | undefined }> {
  const output = join(folder, 'output.ndjson')
  const secretArgs = Object.keys(secrets).length > 0 ? ['--secrets-file', await secretsFile(folder, secrets)] : []
  const answer = await wrangler.run(
    ['deploy', environmentFlag(target), '--tag', release.tag, '--message', release.message, ...secretArgs, ...more],
    { env: { WRANGLER_OUTPUT_FILE_PATH: output } },
  )
  return { answer, url: urlIn(await readFile(output, 'utf8').catch(() => '')) }
}

/** JSON, because wrangler expands `$` in a dotenv file. Only its owner may read it, and it is gone with the folder. */
async function secretsFile(folder: string, secrets: Readonly<Record<string, string>>): Promise<string> {
  const file = join(folder, 'secrets.json')
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600 })
  return file
}

async function configWithoutLimits({ wranglerToml, root }: Publication): Promise<string> {
  const file = join(root, '.local/deploy/wrangler.json')
  await mkdir(join(root, '.local/deploy'), { recursive: true })
  await writeFile(file, JSON.stringify(withoutLimits(wranglerToml, root), null, 2))
  return file
}

const entry = z.object({ type: z.string(), targets: z.array(z.string()).optional() })

/** A custom domain, else the address on workers.dev. Among the targets stand schedules and queues too. */
function urlIn(output: string): string | undefined {
  const targets = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => entry.parse(JSON.parse(line)))
    .flatMap(({ type, targets: found }) => (type === 'deploy' ? (found ?? []) : []))
  const domain = targets.find((target) => target.includes('(custom domain'))?.split(' ')[0]
  return domain === undefined ? targets.find((target) => target.startsWith('https://')) : `https://${domain}`
}
