import { readFile, writeFile } from 'node:fs/promises'
import * as z from 'zod'
import type { Route } from '../src/routes/route.ts'
import { routes } from '../src/routes/table.ts'

const FILE = 'docs/routes.md'
const ACCESS = {
  public: 'anyone',
  key: 'any valid key',
  editor: 'any valid key whose person may change something',
  viewer: 'the admin and who may see everything',
  admin: 'the admin',
} as const

const INTRODUCTION = `# Routes

Made from the route table by \`node scripts/docs-routes.ts\`; do not edit. The same as OpenAPI: \`GET /openapi.json\`.

A key goes into \`Authorization: Bearer sk-…\`; LiteLLM's other headers work too. Errors have OpenAI's shape, and every
answer names its request in \`x-litellm-call-id\`. A field in bold is required.
`

function pageOf(table: readonly Route[]): string {
  const sections = [...Map.groupBy(table, ({ tag }) => tag)].map(
    ([tag, ofTag]) => `## ${tag}\n\n${ofTag.map(section).join('\n')}`,
  )
  return [INTRODUCTION, ...sections].join('\n')
}

function section({ method, paths, access, summary, query, body }: Route): string {
  const [first, ...others] = paths.map((path) => path.replaceAll('+}', '}'))
  const lines = [`### ${method} ${first}`, `${summary} For ${ACCESS[access]}.`]
  if (others.length > 0) lines.push(`Also: ${others.map((path) => `\`${path}\``).join(', ')}.`)
  lines.push(...fields('Query', query), ...fields('Body', body))
  return `${lines.join('\n\n')}\n`
}

function fields(title: string, schema: z.ZodObject | undefined): string[] {
  const names = Object.entries(schema?.shape ?? {}).map(([name, field]) =>
    z.safeParse(field, undefined).success ? `\`${name}\`` : `**\`${name}\`**`,
  )
  return names.length === 0 ? [] : [`${title}: ${names.join(', ')}.`]
}

/** The route table for people. `--check` writes nothing and fails when the file is not what the table says. */
const page = pageOf(routes)
if (process.argv.includes('--check')) {
  if ((await readFile(FILE, 'utf8').catch(() => '')) !== page) {
    console.error(`${FILE} is not what the route table says.`)
    process.exitCode = 1
  }
} else {
  await writeFile(FILE, page)
  console.log(`wrote ${FILE}`)
}
