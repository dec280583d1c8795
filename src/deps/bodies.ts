import type { Config } from '../config/config.ts'
import { type BodyStore, type Bucket, bodiesIn } from '../observe/bodies.ts'
import type { KeyRing } from '../seal.ts'
import { warn } from './operator-log.ts'

/** Where prompts and answers are kept; undefined where the file does not want them, and where they could not be sealed or kept. */
export function bodiesOver(
  { observe }: Config,
  env: { readonly BODIES?: Bucket },
  ring: (() => KeyRing) | undefined,
): BodyStore | undefined {
  if (!observe?.bodies) return undefined
  if (env.BODIES && ring) return bodiesIn(env.BODIES, ring)
  const because = env.BODIES ? 'LITELLM_SALT_KEY is not set' : 'no R2 bucket is bound as BODIES'
  warn('messages are not logged', { because })
  return undefined
}
