/** Runs inside workerd, in the isolate that owns the objects. */

type ObjectClass = new (...args: never[]) => object

const calls = new Map<string, number>()

/** The same class, whose every public method is counted as `Class.method`; a method that calls another at once counts once. */
export function countCalls<C extends ObjectClass>(name: string, Base: C): C {
  const Counted = { [name]: class extends (Base as ObjectClass) {} }[name] as C
  let inside = false
  for (const [method, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Base.prototype))) {
    if (method === 'constructor' || typeof value !== 'function') continue
    const label = `${name}.${method}`
    Object.defineProperty(Counted.prototype, method, {
      value(this: object, ...args: unknown[]): unknown {
        if (inside) return value.apply(this, args)
        calls.set(label, (calls.get(label) ?? 0) + 1)
        inside = true
        try {
          return value.apply(this, args)
        } finally {
          inside = false
        }
      },
    })
  }
  return Counted
}

/** How often each method was called since this isolate began. */
export function callCounts(): Record<string, number> {
  return Object.fromEntries(calls)
}
