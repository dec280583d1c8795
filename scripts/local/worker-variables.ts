import type { Stack } from './stack.ts'

export type Variables = Readonly<Record<string, string>>

/** Vendors whose stand-in answers where no key is set: which variables name the key and the address. */
const vendors = [
  { key: 'OPENAI_API_KEY', address: 'OPENAI_BASE_URL', path: '/v1' },
  { key: 'ANTHROPIC_API_KEY', address: 'ANTHROPIC_BASE_URL', path: '' },
  { key: 'GEMINI_API_KEY', address: 'GEMINI_API_BASE', path: '' },
] as const

export const localMasterKey = 'sk-local-master'

/**
 * What the Worker finds in its environment beside `.dev.vars`. A value given there wins, so only what is missing or
 * empty is listed. The shell may name the master key and the salt; a vendor's key counts only in `.dev.vars`, since a
 * key that happens to be in a shell must not spend real money.
 */
export function localVariables(
  stack: Pick<Stack, 'databaseUrl' | 'redisUrl' | 'redisToken' | 'providerUrl'>,
  devVars: Variables,
  shell: Readonly<Record<string, string | undefined>>,
): Variables {
  const local: Record<string, string> = {
    DATABASE_URL: stack.databaseUrl,
    LITELLM_MASTER_KEY: shell.LITELLM_MASTER_KEY || localMasterKey,
    LITELLM_SALT_KEY: shell.LITELLM_SALT_KEY || 'local-salt-not-for-production',
  }
  if (!devVars.UPSTASH_REDIS_REST_URL) {
    local.UPSTASH_REDIS_REST_URL = stack.redisUrl
    local.UPSTASH_REDIS_REST_TOKEN = stack.redisToken
  }
  for (const { key, address, path } of standIns(devVars)) {
    local[key] = 'sk-stand-in'
    local[address] = `${stack.providerUrl}${path}`
  }
  return Object.fromEntries(Object.entries(local).filter(([name]) => !devVars[name] || isPaired(name, local)))
}

/** A stand-in or a local Redis comes whole: its key never goes to an address from elsewhere. */
function isPaired(name: string, local: Readonly<Record<string, string>>): boolean {
  return name === 'UPSTASH_REDIS_REST_TOKEN' && local.UPSTASH_REDIS_REST_URL !== undefined
}

/** The vendors that have neither a key nor an address of their own. */
export function standIns(devVars: Variables): readonly (typeof vendors)[number][] {
  return vendors.filter(({ key, address }) => !devVars[key] && !devVars[address])
}

/** dotenv's format; a `$` would otherwise be expanded. */
export function envFile(variables: Variables): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${JSON.stringify(value.replaceAll('$', '\\$'))}\n`)
    .join('')
}
