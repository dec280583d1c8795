import generated from '../generated/config.json' with { type: 'json' }
import type { Config } from './config.ts'

/** What `npm run generate` made of `config.yaml`. It wrote a `Config`, so the cast holds. */
export function builtConfig(): Config {
  return generated as unknown as Config
}
