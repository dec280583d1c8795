import type { Result, Router } from 'hono/router'

/** Signs of a pattern in Hono's paths. */
const PATTERN = /[:*{]/

/**
 * Another router, which is asked only once for each path that stands in the table as it is: for the few paths that have
 * nearly all the traffic, finding the route is a look-up.
 */
export class RememberingRouter<T> implements Router<T> {
  readonly name = 'RememberingRouter'
  readonly #inner: Router<T>
  readonly #fixed = new Set<string>()
  readonly #found = new Map<string, Map<string, Result<T>>>()

  constructor(inner: Router<T>) {
    this.#inner = inner
  }

  add(method: string, path: string, handler: T): void {
    if (!PATTERN.test(path)) this.#fixed.add(path)
    this.#inner.add(method, path, handler)
  }

  match(method: string, path: string): Result<T> {
    const ofMethod = this.#found.get(method)
    const before = ofMethod?.get(path)
    if (before) return before
    const found = this.#inner.match(method, path)
    if (!this.#fixed.has(path) || found[0].length === 0) return found
    if (ofMethod) ofMethod.set(path, found)
    else this.#found.set(method, new Map([[path, found]]))
    return found
  }
}
