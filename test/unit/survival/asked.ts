import { content } from './asked-content.ts'
import { settings } from './asked-settings.ts'
import { tools } from './asked-tools.ts'
import type { DialectName, Family } from './families.ts'

/** Something that a caller can say, in the words of each dialect that has them: what is added to the smallest request. */
export interface Asked {
  readonly what: string
  readonly in: Readonly<Partial<Record<DialectName, object>>>
  /** Where each vendor's reference puts it: found anywhere in the body. Who is not named is asked as its kin, if it has any. */
  readonly arrives: Readonly<Partial<Record<Family, object | readonly object[]>>>
  /** Vendors that have no word for it, and the name that their refusal gives it. */
  readonly refused?: Readonly<Partial<Record<Family, string>>>
  /** Dialects that cannot say it to a family as others can. */
  readonly unless?: Readonly<Partial<Record<Family, readonly DialectName[]>>>
}

export const all: readonly Asked[] = [...content, ...tools, ...settings]
