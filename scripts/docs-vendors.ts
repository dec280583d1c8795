import { readFile, writeFile } from 'node:fs/promises'
import { providers } from '../src/providers/registry.ts'
import type { Vendor } from '../src/providers/translator.ts'

const FILE = 'docs/vendors.md'

const INTRODUCTION = `# Vendors

Made from the registry by \`node scripts/docs-vendors.ts\`; do not edit. The prefix stands before the model's name in
\`litellm_params.model\` (\`groq/llama-3.3-70b-versatile\`); \`api_key\` and \`api_base\` of a row hold over the
variables. A row that names an address of its own is never sent the vendor's key unless \`api_key\` says so. What a vendor
does not have is refused by name, or left out with \`drop_params\`; its file in \`src/providers/\` says what that is, and
vendors that differ in little but their address are lines of \`compatible-vendors.ts\`.

Perplexity ended the chats of Sonar on 27 September 2026. Its Agent API speaks OpenAI's Responses:
\`model: openai/responses/perplexity/sonar\` with \`api_base: https://api.perplexity.ai/v1\` its key as \`api_key\`, and
prices of your own. The prefix \`perplexity\` stays for addresses that have those chats still.

Anything else that speaks OpenAI's chat completions is \`openai/MODEL\` with an \`api_base\`.

| Prefix | Chat | More | Key | Address |
| --- | --- | --- | --- | --- |
`

const TONGUES: Readonly<Record<string, string>> = {
  openai: 'OpenAI’s',
  responses: 'OpenAI’s Responses',
  anthropic: 'Anthropic’s',
  gemini: 'Gemini’s',
}

/** What a vendor's file may have beside the chat, by the name of its part. */
const MORE: Readonly<Record<string, string>> = {
  embedding: 'embeddings',
  reranking: 'rerank',
  moderation: 'moderations',
  images: 'images',
  speech: 'speech',
  transcription: 'transcriptions',
  tokenCounter: 'token counts',
}

function row(prefix: string, vendor: Vendor): string {
  const { dialect, defaults, chatless } = vendor
  const more = Object.entries(MORE).flatMap(([part, name]) => (part in vendor ? name : []))
  const address = [defaults.apiBase, defaults.apiBaseEnv && `\`${defaults.apiBaseEnv}\``].filter(Boolean).join(', or ')
  const cells = [
    `\`${prefix}\``,
    chatless ? 'none' : ((dialect && TONGUES[dialect]) ?? 'its own'),
    more.join(', '),
    defaults.apiKeyEnv ? `\`${defaults.apiKeyEnv}\`` : '',
    address || '`api_base`',
  ]
  return `| ${cells.join(' | ')} |`
}

/** The registry for people. `--check` writes nothing and fails when the file is not what the registry says. */
const rows = Object.entries<Vendor>(providers).map(([prefix, vendor]) => row(prefix, vendor))
const page = `${INTRODUCTION}${rows.join('\n')}\n`
if (process.argv.includes('--check')) {
  if ((await readFile(FILE, 'utf8').catch(() => '')) !== page) {
    console.error(`${FILE} is not what the registry says.`)
    process.exitCode = 1
  }
} else {
  await writeFile(FILE, page)
  console.log(`wrote ${FILE}`)
}
