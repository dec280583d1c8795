import { spawn } from 'node:child_process'

export interface Outcome {
  readonly code: number
  /** Both streams, in the order they came. */
  readonly output: string
}

/** Runs a program that npm installed (its folder is on the PATH of every npm script) or Node itself, to its end. */
export function command(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    })
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('error', (error) =>
      resolve({
        code: 1,
        output: `${program} did not start: ${error.message}. Run npm ci, and start this with npm run.`,
      }),
    )
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** Wrangler, offline and quiet. */
export const quietWrangler = {
  CI: '1',
  NO_COLOR: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
} as const

/** What a failed program said, with what the reader can do about it. */
export function findingsOf({ code, output }: Outcome, advice: string): readonly string[] {
  return code === 0 ? [] : [`${output.trim()}\n${advice}`]
}
