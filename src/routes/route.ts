import type * as z from 'zod'
import type { AdminArea } from '../config/capability.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { GatewayError } from '../errors.ts'
import { readJsonObject } from '../middleware/body.ts'
import { isForm, readForm } from '../middleware/form.ts'
import type { Principal } from '../tenants/principal.ts'
import { adminFields } from './admin-fields.ts'
import type { AppDeps } from './deps.ts'
import { mustSayEnough } from './enforced.ts'
import { asksModel } from './let-in.ts'
import type { Access } from './may-call.ts'
import { isStorable } from './text.ts'

export type { Access } from './may-call.ts'

/** A request as it arrives at its route: who asks is known, what it says is not read yet. */
export interface Incoming {
  readonly request: Request
  readonly params: Readonly<Record<string, string>>
  readonly principal: Principal | undefined
  readonly deps: AppDeps
  /** Ours, a UUIDv7. */
  readonly requestId: string
  readonly receivedAtMs: number
}

/** The same with everything read and checked. */
export interface Asked<A extends Access, Q, B> extends Omit<Incoming, 'principal'> {
  readonly principal: A extends 'public' ? undefined : Principal
  readonly query: Q
  readonly body: B
}

type Shape = z.ZodObject
type Parsed<S extends Shape | undefined> = S extends Shape ? z.output<S> : undefined

interface Definition<A extends Access, Q extends Shape | undefined, B extends Shape | undefined> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `{name}` stands for one part of the path, `{name+}` for the rest of it. */
  readonly paths: readonly [string, ...string[]]
  readonly access: A
  readonly summary: string
  readonly tag: string
  /** In whose words its refusals are; OpenAI's unless said. */
  readonly dialect?: Dialect
  readonly query?: Q
  readonly body?: B
  /** Whose fields the body has: what is never active is refused, and a misspelt one named. */
  readonly area?: AdminArea
  /** The body may be a form with files. */
  readonly form?: true
  /** What a good answer looks like. */
  readonly out?: z.ZodType
  readonly handle: (asked: Asked<A, Parsed<Q>, Parsed<B>>) => unknown
}

/** A line of the route table. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly paths: readonly [string, ...string[]]
  readonly access: Access
  readonly summary: string
  readonly tag: string
  /** In whose words its refusals are; OpenAI's unless said. */
  readonly dialect?: Dialect
  readonly query?: Shape
  readonly body?: Shape
  readonly out?: z.ZodType
  readonly answer: (incoming: Incoming) => Promise<Response>
}

/** A definition as a line of the table: reads and checks what its handler is promised. A handler answers JSON or a Response. */
export function route<
  A extends Access,
  Q extends Shape | undefined = undefined,
  B extends Shape | undefined = undefined,
>(definition: Definition<A, Q, B>): Route {
  const { method, paths, access, summary, tag, dialect, query, body, area, form, out, handle } = definition
  const asks = asksModel({ tag, method, access })
  return {
    method,
    paths,
    access,
    summary,
    tag,
    ...(dialect ? { dialect } : {}),
    ...(query ? { query } : {}),
    ...(body ? { body } : {}),
    ...(out ? { out } : {}),
    async answer(incoming) {
      const asked = {
        ...incoming,
        query: query && checked(query, queryOf(incoming.request)),
        body: body && checked(body, await bodyOf(incoming, { schema: body, area, form })),
      }
      if (asks && asked.body && asked.principal) {
        const { headers } = asked.request
        mustSayEnough({ headers, body: asked.body }, asked.principal, asked.deps.gateway.config.general.access)
      }
      // `principal` is there for every access but `public`: the app authenticates before it asks.
      const result = await handle(asked as Asked<A, Parsed<Q>, Parsed<B>>)
      return result instanceof Response ? result : Response.json(result)
    },
  }
}

interface BodyRules {
  readonly schema: Shape
  readonly area: AdminArea | undefined
  readonly form: true | undefined
}

async function bodyOf({ request, deps }: Incoming, { schema, area, form }: BodyRules) {
  const { maxRequestBytes } = deps.gateway.config.general
  if (form && isForm(request)) return readForm(request, maxRequestBytes)
  const value = await readJsonObject(request, maxRequestBytes)
  return area ? adminFields(area, value, Object.keys(schema.shape)) : value
}

function queryOf(request: Request): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of new URL(request.url).searchParams) {
    if (Object.hasOwn(query, name)) {
      throw new GatewayError('invalid_request', `${name} is given twice. Give it once.`, { param: name })
    }
    if (!isStorable(value)) {
      throw new GatewayError('invalid_request', 'The query has NUL characters or broken text.', { param: name })
    }
    query[name] = value
  }
  return query
}

function checked<S extends Shape>(schema: S, value: Record<string, unknown>): z.output<S> {
  if (takesAnything(schema)) return value as z.output<S>
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const param = [...(issue?.path ?? []), ...unknown].map(String).join('.')
  const message = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`))
    .join('; ')
  throw new GatewayError('invalid_request', message, param ? { param } : {})
}

/** An open shape that names no field only tells the docs about the body: it is passed on as it came. */
function takesAnything({ shape, def }: Shape): boolean {
  return Object.keys(shape).length === 0 && def.catchall?._zod.def.type === 'unknown'
}
