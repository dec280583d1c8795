import { spawn } from 'node:child_process'
import { DeployStop } from './stop.ts'

export interface WranglerAnswer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The one way to Cloudflare. Answers what the program said; never throws on a failed command. */
export interface Wrangler {
  run(args: readonly string[], options?: { readonly env?: Readonly<Record<string, string>> }): Promise<WranglerAnswer>
}

/** The installed wrangler. `env` carries the account's variables, where they stand in a file. */
export function installedWrangler(env: Readonly<Record<string, string>>): Wrangler {
  return {
    run: (args, options = {}) =>
      new Promise((resolve) => {
        const child = spawn('wrangler', args, {
          env: { ...process.env, ...quiet, ...env, ...options.env },
          // A login that has run out may open the browser; nothing else is asked.
          stdio: ['inherit', 'pipe', 'pipe'],
          shell: process.platform === 'win32',
        })
        const said = { stdout: '', stderr: '' }
        child.stdout.on('data', (chunk: Buffer) => {
          said.stdout += chunk.toString()
        })
        child.stderr.on('data', (chunk: Buffer) => {
          said.stderr += chunk.toString()
        })
        child.on('error', (error) =>
          resolve({ code: 1, stdout: '', stderr: `wrangler did not start: ${error.message}` }),
        )
        child.on('close', (code) => resolve({ code: code ?? 1, ...said }))
      }),
  }
}

const quiet = {
  NO_COLOR: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
} as const

/** What wrangler said about a failure, with the failures that every newcomer meets put in plain words. */
export function refusal(doing: string, answer: WranglerAnswer): DeployStop {
  const said = `${answer.stdout}\n${answer.stderr}`.trim()
  if (/CLOUDFLARE_API_TOKEN|not authenticated|wrangler login|code: 10000\b/i.test(said)) {
    return new DeployStop(
      `${doing}: wrangler is not signed in. Run \`npx wrangler login\`, or set CLOUDFLARE_API_TOKEN (template "Edit Cloudflare Workers", with Queues: Edit added) and CLOUDFLARE_ACCOUNT_ID.`,
    )
  }
  if (/more than one account|CLOUDFLARE_ACCOUNT_ID/i.test(said)) {
    return new DeployStop(
      `${doing}: you have several accounts. Set CLOUDFLARE_ACCOUNT_ID to the one that should run Tollgate.\n${said}`,
    )
  }
  return new DeployStop(`${doing}: wrangler failed.\n${said}`)
}
