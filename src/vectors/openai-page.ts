import * as z from 'zod'
import type { Match } from './port.ts'

const page = z.object({
  data: z.array(
    z.object({
      file_id: z.string().nullish(),
      filename: z.string().nullish(),
      score: z.number(),
      attributes: z.record(z.string(), z.unknown()).nullish(),
      content: z.array(z.object({ text: z.string().nullish() })).nullish(),
    }),
  ),
})

/** Under which names a passage, its file and the file's name are read from a match. */
interface Names {
  readonly textField: string
  readonly fileIdField: string
  readonly filenameField: string
}

/**
 * What OpenAI's search of a vector store found, as every other store's. Throws for what is no such page. Passages of one
 * file are told apart by their place, as the page has no id for them.
 */
export function pageMatches(answer: unknown, { textField, fileIdField, filenameField }: Names): readonly Match[] {
  return page.parse(answer).data.map(({ file_id, filename, score, attributes, content }, place) => ({
    id: `${file_id ?? ''}#${place}`,
    similarity: Math.min(1, Math.max(0, score)),
    fields: {
      ...attributes,
      [textField]: (content ?? []).flatMap(({ text }) => text ?? []).join('\n'),
      ...(file_id && { [fileIdField]: file_id }),
      ...(filename && { [filenameField]: filename }),
    },
  }))
}
