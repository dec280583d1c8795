import { GatewayError } from '../errors.ts'
import type { Principal } from './principal.ts'

/** Whether key and team both allow a vector store; an empty list allows all, as LiteLLM's `object_permission` does. */
export function allowsStore({ vectorStores = [] }: Pick<Principal, 'vectorStores'>, id: string): boolean {
  return vectorStores.every(({ ids }) => ids.includes(id))
}

/** Throws LiteLLM's refusal, naming the level that forbids the store. */
export function mustMaySearch(principal: Pick<Principal, 'vectorStores'>, id: string): void {
  const refusing = principal.vectorStores?.find(({ ids }) => !ids.includes(id))
  if (!refusing) return
  const { level, ids } = refusing
  throw new GatewayError(
    'forbidden',
    `${level} not allowed to access vector store. Tried to access ${id}. Only allowed to access ${ids.join(', ')}.`,
    { status: 401, type: `${level}_vector_store_access_denied`, code: '401', param: 'vector_store_id', retry: false },
  )
}
