// npm run semantic:report < log: what shadow mode (cache_params.semantic_shadow) saw, threshold by threshold, and which is
// safe. The log is the Worker's, a line of JSON each (`wrangler tail`, a log sink); other lines are passed over.
import { createInterface } from 'node:readline'
import * as z from 'zod'
import { type ShadowRecord, shadowBars, shadowReport } from '../src/cache/semantic/shadow.ts'

const line = z.object({
  message: z.literal('semantic shadow'),
  similarity: z.number().optional(),
  refusal: z.string().optional(),
  distance: z.number().optional(),
})

const records: ShadowRecord[] = []
for await (const text of createInterface({ input: process.stdin })) {
  const begin = text.indexOf('{"level":"info","message":"semantic shadow"')
  const read = begin === -1 ? undefined : line.safeParse(parsed(text.slice(begin)))
  if (read?.success) {
    const { similarity, refusal, distance } = read.data
    records.push({
      ...(similarity !== undefined && { similarity }),
      ...(refusal !== undefined && { refusal }),
      ...(distance !== undefined && { distance }),
    })
  }
}
const { requests, rows, safe } = shadowReport(records)
console.table(
  rows.map(({ threshold, answered, share, refused, meanDistance, far, farShare }) => ({
    threshold,
    answered,
    'of all %': percent(share),
    'refused by the guard': refused,
    'mean distance': Number(meanDistance.toFixed(2)),
    'far off': far,
    'far off %': percent(farShare),
  })),
)
const enough = `${shadowBars.leastAnswered} answered requests`
console.log(
  safe === undefined ? `No threshold is safe, or none has ${enough} yet.` : `Safe: similarity_threshold: ${safe}`,
)
console.log(JSON.stringify({ requests, safe: safe ?? null, bars: shadowBars, rows }))

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function percent(share: number): number {
  return Number((share * 100).toFixed(1))
}
