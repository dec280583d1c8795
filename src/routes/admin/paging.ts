import * as z from 'zod'

/** Which page of a list, and how long pages are. */
export const page = z.coerce.number().int().min(1).max(1_000_000).default(1)
export const sizeOf = (usual: number) => z.coerce.number().int().min(1).max(100).default(usual)
export const sortOrder = (usual: 'asc' | 'desc') => z.enum(['asc', 'desc']).default(usual)

/** What LiteLLM's newer lists say beside what they list. */
export const pageShape = { total: z.number(), page: z.number(), page_size: z.number(), total_pages: z.number() }

export function pageOf(total: number, { page, page_size }: { readonly page: number; readonly page_size: number }) {
  return { total, page, page_size, total_pages: Math.ceil(total / page_size) }
}
