import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import type { Check } from './check.ts'
import { command } from './command.ts'

interface Pattern {
  readonly what: string
  readonly found: RegExp
}

/** The shapes of real credentials. What a test invents is shorter, or says so. */
const SECRETS: readonly Pattern[] = [
  { what: 'an OpenAI key', found: /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]*T3BlbkFJ[A-Za-z0-9_-]{16,}/ },
  { what: 'an Anthropic key', found: /\bsk-ant-[a-z]+\d\d-[\w-]{80,}/ },
  { what: 'a Google key', found: /\bAIza[\w-]{35}\b/ },
  { what: 'an AWS key', found: /\bA(?:KIA|SIA)(?!IOSFODNN7EXAMPLE)[0-9A-Z]{16}\b/ },
  { what: 'a GitHub token', found: /\b(?:gh[opusr]_[A-Za-z0-9]{36}|github_pat_\w{60,})/ },
  { what: 'an npm token', found: /\bnpm_[A-Za-z0-9]{36}\b/ },
  {
    what: 'a Slack token or webhook',
    found: /\bxox[abp]-\d{8,}-|hooks\.slack\.com\/services\/T\w{8,}\/B\w{8,}\/\w{20,}/,
  },
  { what: 'a Neon password', found: /\bnpg_[A-Za-z0-9]{12,}/ },
  { what: 'a private key', found: /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40,}/ },
]
const PLACES: readonly Pattern[] = [
  { what: 'a path of one machine', found: /(?<![\w.-])\/(?:home|Users)\/[a-z][\w.-]*\// },
  {
    what: 'the host of a package registry',
    found: /https?:\/\/(?:[\w.-]+\.)?(?:registry|npm|artifactory|verdaccio)\.[\w.-]+\//,
  },
  { what: 'a registry setting', found: /^\s*(?:@[\w-]+:)?registry\s*=/m },
]

/** Pure: what a text contains that must not be shared. `here` are the paths of the machine that asks. */
export function unshareable(text: string, here: readonly string[] = []): readonly string[] {
  const named = [...SECRETS, ...PLACES].flatMap(({ what, found }) => {
    const match = found.exec(text)
    return match ? [`line ${lineOf(text, match.index)} holds ${what}`] : []
  })
  const local = here.flatMap((path) => {
    const index = text.indexOf(`${path}/`)
    return index === -1 ? [] : [`line ${lineOf(text, index)} holds a path of this machine`]
  })
  return [...named, ...local]
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

export const trackedText: Check = {
  name: 'no secrets, machine paths or registry hosts',
  find: async () => {
    const listed = await command('git', ['ls-files', '-z'])
    if (listed.code !== 0) return ['git could not list the files. Run this inside a git checkout.']
    const here = [process.cwd(), homedir()].filter((path) => path.length > 1)
    const paths = listed.output.split('\0').filter((path) => path !== '')
    const found = await Promise.all(
      paths.map(async (path) => {
        const text = await readFile(path, 'utf8').catch(() => '')
        return unshareable(text, here).map(
          (finding) => `${path}: ${finding}. Remove it; a secret must also be revoked.`,
        )
      }),
    )
    return found.flat()
  },
}
