import * as z from 'zod'
import { type Fields, fields, list, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { searched } from '../gateway/vector-search.ts'
import type { Principal } from '../tenants/principal.ts'
import { mustMaySearch } from '../tenants/store-access.ts'
import type { Asked } from './route.ts'
import { boundsOf, searchFields } from './vector-search-fields.ts'
import { storeNamed } from './vector-stores.ts'

const ids = z.array(z.string().min(1)).min(1).max(10)
const tool = z.object({ type: z.literal('file_search'), vector_store_ids: ids, ...searchFields })

/** What a chat wants looked up before its model is asked. */
interface LookUp {
  readonly ids: readonly string[]
  readonly bounds: ReturnType<typeof boundsOf>
}

/** Whether a body may ask for it: most say neither, and are not looked at any further. */
export function mayLookUp({ vector_store_ids, tools }: Fields): boolean {
  return (
    (vector_store_ids !== undefined && vector_store_ids !== null) ||
    (Array.isArray(tools) && tools.some((one) => fields(one).type === 'file_search'))
  )
}

type Asking = Pick<Asked<'key', unknown, unknown>, 'request' | 'requestId' | 'deps'>

/**
 * A chat whose `vector_store_ids`, or tools of the type `file_search`, name stores of this gateway: what they have that is
 * like its last question stands before that question as LiteLLM writes it, and the fields are gone. Tools that name
 * others are the vendor's. Any other chat is the same value again.
 */
export async function withPassages(body: Fields, principal: Principal, asking: Asking): Promise<Fields> {
  const { lookUps, rest } = lookUpsIn(body, asking)
  if (lookUps.length === 0) return body
  const messages = list(rest.messages)
  const question = questionIn(messages)
  if (question === undefined) return rest
  const { requestId, request, deps } = asking
  const searcher = { requestId, principal, signal: request.signal }
  const passages: string[] = []
  for (const { ids, bounds } of lookUps)
    for (const id of ids) {
      const store = storeNamed(id, asking)
      mustMaySearch(principal, id)
      const found = await searched(store, { questions: [question], ...bounds }, searcher, deps.gateway)
      passages.push(...found.flatMap(({ fields: { [store.textField]: passage } }) => text(passage) ?? []))
    }
  if (passages.length === 0) return rest
  const context = { role: 'user', content: `Context:\n\n${passages.map((one) => `${one}\n\n`).join('')}` }
  return { ...rest, messages: [...messages.slice(0, -1), context, ...messages.slice(-1)] }
}

function lookUpsIn(body: Fields, { deps }: Asking): { readonly lookUps: readonly LookUp[]; readonly rest: Fields } {
  const lookUps: LookUp[] = []
  const known = new Set(deps.gateway.config.vectorStores?.map(({ id }) => id))
  const { vector_store_ids: named, tools, ...bare } = body
  if (named !== undefined && named !== null)
    lookUps.push({ ids: read(ids, named, 'vector_store_ids'), bounds: boundsOf({}) })
  if (!Array.isArray(tools)) return { lookUps, rest: tools === undefined ? bare : { ...bare, tools } }
  const isOurs = (one: unknown) =>
    fields(one).type === 'file_search' && list(fields(one).vector_store_ids).some((id) => known.has(String(id)))
  for (const one of tools.filter(isOurs)) {
    const said = read(tool, one, 'tools')
    lookUps.push({ ids: said.vector_store_ids, bounds: boundsOf(said) })
  }
  const others = tools.filter((one) => !isOurs(one))
  if (others.length > 0) return { lookUps, rest: { ...bare, tools: others } }
  const { tool_choice: _, ...rest } = bare
  return { lookUps, rest }
}

function read<S extends z.ZodType>(schema: S, value: unknown, param: string): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new GatewayError('invalid_request', `${param}: ${issue?.message ?? 'cannot be read'}`, { param })
}

/** The text of the last message, where a person says it. */
function questionIn(messages: readonly unknown[]): string | undefined {
  const { role, content } = fields(messages.at(-1))
  if (role !== 'user') return undefined
  if (typeof content === 'string') return text(content)
  const parts = list(content).flatMap((part) => (fields(part).type === 'text' ? (text(fields(part).text) ?? []) : []))
  return text(parts.join('\n'))
}
