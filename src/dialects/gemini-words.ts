import { GatewayError } from '../errors.ts'
import type { Fields } from './loose-json.ts'

/** Google's APIs read every field in camel and in snake case; so does everything here. */
export function word(from: Fields, name: string): unknown {
  return from[name] ?? from[snakeOf(name)]
}

export function snakeOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

export function camelOf(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

export function unreadable(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}
