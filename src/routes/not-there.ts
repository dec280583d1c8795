import { GatewayError } from '../errors.ts'
import type { Route } from './route.ts'

/** 404, with the routes that begin alike. */
export function notThere(method: string, path: string, routes: readonly Route[]): GatewayError {
  const near = [...new Set(routes.flatMap(({ paths }) => paths))].filter((known) => alike(known, path)).slice(0, 5)
  const shown = JSON.stringify(`${method} ${path}`.slice(0, 200))
  return new GatewayError(
    'not_found',
    `${shown} is not a route of this gateway.${near.length > 0 ? ` Near it: ${near.join(', ')}.` : ''} GET /openapi.json lists every route.`,
    { retry: false },
  )
}

/** 405, with the methods that the path has. */
export function notThisMethod(method: string, path: string, allowed: readonly string[]): GatewayError {
  return new GatewayError(
    'method_not_allowed',
    `${path} does not take ${method.slice(0, 20)}. It takes ${allowed.join(', ')}.`,
    { headers: { allow: allowed.join(', ') }, retry: false },
  )
}

const firstPart = (path: string) => path.replace(/^\/v\d+(?=\/)/, '').split('/')[1] ?? ''

function alike(known: string, path: string): boolean {
  const part = firstPart(path)
  return part !== '' && firstPart(known).startsWith(part.slice(0, Math.max(3, part.length - 2)))
}
