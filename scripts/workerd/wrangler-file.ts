import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'smol-toml'
import * as z from 'zod'

const queueConsumer = z.object({
  queue: z.string(),
  max_batch_size: z.int().default(10),
  max_batch_timeout: z.number().default(5),
  max_retries: z.int().default(3),
  retry_delay: z.number().default(0),
  max_concurrency: z.int().nullish(),
  dead_letter_queue: z.string().optional(),
})

const schema = z.object({
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  vars: z.record(z.string(), z.string()).default({}),
  durable_objects: z
    .object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })).default([]) })
    .default({ bindings: [] }),
  queues: z
    .object({
      producers: z.array(z.object({ queue: z.string(), binding: z.string() })).default([]),
      consumers: z.array(queueConsumer).default([]),
    })
    .default({ producers: [], consumers: [] }),
  triggers: z.object({ crons: z.array(z.string()).default([]) }).default({ crons: [] }),
  assets: z.object({ directory: z.string(), binding: z.string() }).optional(),
  version_metadata: z.object({ binding: z.string() }).optional(),
})

/** How a queue is read, with Cloudflare's defaults filled in. */
export type QueueConsumer = z.infer<typeof queueConsumer>

/** What the runner takes from `wrangler.toml`, its paths made absolute. Everything else in the file is Cloudflare's. */
export type WranglerFile = z.infer<typeof schema>

export function readWranglerFile(file: string): WranglerFile {
  const found = schema.parse(parse(readFileSync(file, 'utf8')))
  const at = (path: string): string => resolve(dirname(file), path)
  return {
    ...found,
    main: at(found.main),
    ...(found.assets ? { assets: { ...found.assets, directory: at(found.assets.directory) } } : {}),
  }
}
