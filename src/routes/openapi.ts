import * as z from 'zod'
import type { Route } from './route.ts'

type Schema = Readonly<Record<string, unknown>>
type Operation = Readonly<Record<string, unknown>>

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: 'string' },
        request_id: { type: 'string' },
        facts: { type: 'object' },
      },
    },
  },
}

const made = new WeakMap<readonly Route[], Readonly<Record<string, Operation>>>()

/** The route table as OpenAPI 3.1. The table is constant, so its paths are described once per isolate. */
export function openapi(routes: readonly Route[], version: string) {
  const paths = made.get(routes) ?? pathsOf(routes)
  made.set(routes, paths)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tollgate',
      version,
      description: 'An LLM gateway that speaks OpenAI and administers like LiteLLM.',
    },
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A virtual key, or the master key.' } },
      schemas: { Error: errorSchema },
    },
  }
}

function pathsOf(routes: readonly Route[]): Record<string, Operation> {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of routes) {
    for (const path of route.paths) {
      const name = path.replace(/\{(\w+)\+\}/g, '{$1}')
      paths[name] = { ...paths[name], [route.method.toLowerCase()]: operation(route, path) }
    }
  }
  return paths
}

function operation(route: Route, path: string): Operation {
  return {
    summary: route.summary,
    tags: [route.tag],
    operationId: `${route.method.toLowerCase()}${path.replace(/\W+(\w)/g, (_, c: string) => c.toUpperCase()).replace(/\W/g, '')}`,
    ...(route.access === 'public' ? {} : { security: [{ key: [] }] }),
    ...(['editor', 'viewer', 'admin'].includes(route.access) ? { 'x-access': route.access } : {}),
    parameters: [...pathParameters(path), ...queryParameters(route)],
    ...(route.body ? { requestBody: { required: true, content: json(schemaOf(route.body, 'input')) } } : {}),
    responses: {
      200: { description: 'Done.', ...(route.out ? { content: json(schemaOf(route.out, 'output')) } : {}) },
      default: { description: 'Refused.', content: json({ $ref: '#/components/schemas/Error' }) },
    },
  }
}

const json = (schema: Schema) => ({ 'application/json': { schema } })

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

function pathParameters(path: string) {
  return [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters({ query }: Route) {
  return Object.entries(query?.shape ?? {}).map(([name, field]) => ({
    name,
    in: 'query',
    required: !z.safeParse(field, undefined).success,
    schema: field instanceof z.ZodType ? schemaOf(field, 'output') : {},
  }))
}
