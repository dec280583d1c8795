/** LiteLLM's rules about the parameters of a deployment: what may be left out, what is, what goes although unknown. */
export interface ParameterRules {
  /** What the vendor has no word for is left out instead of refused. */
  readonly dropParams?: boolean
  /** Left out always: names, or paths such as `response_format.strict` and `tools[*].function.strict`. */
  readonly additionalDropParams?: readonly string[]
  /** Sent as they are, although the vendor is not known to have a word for them. */
  readonly allowedOpenaiParams?: readonly string[]
}

type Fields = { readonly [field: string]: unknown }
type Ruled = ParameterRules & { readonly params: { readonly [field: string]: unknown } }

/**
 * Request and deployment as the rules of both leave them: those of the request add to the deployment's and never take
 * away. Without rules, and that is nearly always, both come back as they are.
 */
export function ruledBy<R extends Fields, T extends Ruled>(request: R, target: T): { request: R; target: T } {
  const drop = [...(target.additionalDropParams ?? []), ...names(request.additional_drop_params)]
  const allowed = names(request.allowed_openai_params)
  const drops = request.drop_params === true && target.dropParams !== true
  if (drop.length === 0 && allowed.length === 0 && !drops) return { request, target }
  return {
    request: withoutParams(request, drop),
    target: {
      ...target,
      params: withoutParams(target.params, drop),
      additionalDropParams: drop,
      ...(drops && { dropParams: true }),
      ...(allowed.length > 0 && { allowedOpenaiParams: [...(target.allowedOpenaiParams ?? []), ...allowed] }),
    },
  }
}

/** A body without what the paths name. Only what lies on a path is copied; the message's own words are no parameter. */
export function withoutParams<B extends Fields>(body: B, paths: readonly string[]): B {
  let left: unknown = body
  for (const path of paths) {
    const steps = stepsOf(path)
    if (steps[0] !== 'model' && steps[0] !== 'messages') left = without(left, steps)
  }
  // Whatever a request cannot be without is never on a path, so that it is what it was.
  return left as B
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []
}

/** `tools[*].function.strict` → tools, *, function, strict. */
function stepsOf(path: string): readonly string[] {
  return path
    .replace(/^\$\.?/, '')
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
}

function without(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    if (step !== '*' && !/^\d+$/.test(step)) return value
    const on = (at: number) => step === '*' || at === Number(step)
    if (rest.length === 0) return value.filter((_, at) => !on(at))
    return value.map((inner, at) => (on(at) ? without(inner, rest) : inner))
  }
  const copy: Record<string, unknown> = { ...value }
  for (const name of step === '*' ? Object.keys(copy) : [step]) {
    if (!Object.hasOwn(copy, name)) continue
    if (rest.length === 0) delete copy[name]
    else copy[name] = without(copy[name], rest)
  }
  return copy
}
