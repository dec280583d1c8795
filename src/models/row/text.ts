import type { EnvRef, Text } from '../../config/config.ts'
import { isReference } from './secrets.ts'

/** `os.environ/NAME` stays a reference; anything else is the text itself. */
export function textOf(value: string): Text {
  return isReference(value) ? reference(value) : value
}

export function textFrom(value: string | undefined): Text | undefined {
  return value === undefined || value === '' ? undefined : textOf(value)
}

function reference(value: string): EnvRef {
  return { env: value.slice('os.environ/'.length) }
}
