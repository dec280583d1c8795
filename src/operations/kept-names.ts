import { type Fields, fields, isFields, list, text } from '../dialects/loose-json.ts'
import { decodedParts } from './pass-through-path.ts'

/** Fields of requests that name something which lies in an account: the SDKs of OpenAI, Anthropic, Google and Mistral. */
const REFERENCES: ReadonlySet<string> = new Set([
  ...['file_id', 'file_ids', 'fileId', 'fileUri', 'file_uri', 'training_file', 'validation_file', 'input_file_id'],
  ...['assistant_id', 'thread_id', 'agent_id', 'conversation', 'conversation_id', 'previous_response_id'],
  ...['vector_store_id', 'vector_store_ids', 'library_ids', 'fileSearchStoreNames', 'file_search_store_names'],
  ...['cachedContent', 'cached_content', 'container', 'container_id', 'skill_id', 'video_id', 'dataset_id'],
])

/** Where others' words for pictures and files may say one of Google's. */
const ADDRESSES: ReadonlySet<string> = new Set(['url', 'image_url', 'file_url', 'file_data'])
const GOOGLES = /^(?:files\/|https?:\/\/[^/]*googleapis\.com[:/])/i
const LONGEST_NAME = 1024

/** What is below these is of the caller's own making: JSON schemas, and what a model called with. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  ...['parameters', 'input_schema', 'schema', 'metadata'],
  ...['arguments', 'functionCall', 'functionResponse'],
])
/** Claude's calls lie beside their type, in a field that is also what Responses are asked. */
const CALLS: ReadonlySet<unknown> = new Set(['tool_use', 'server_tool_use', 'mcp_tool_use'])

/** Every name of something kept at a vendor that a body says, as {@link keptName} writes it; mostly none. */
export function namesInBody(body: unknown): readonly string[] {
  const found = new Set<string>()
  collect(body, found)
  return [...found]
}

function collect(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const one of value) if (typeof one === 'object') collect(one, found)
    return
  }
  if (!isFields(value) || CALLS.has(value.type)) return
  for (const field in value) {
    const said = value[field]
    if (REFERENCES.has(field) || (ADDRESSES.has(field) && typeof said === 'string' && GOOGLES.test(said)))
      for (const name of textsOf(said)) found.add(keptName(name))
    if (typeof said === 'object' && !OWN_WORDS.has(field)) collect(said, found)
  }
}

/** A name, a list of them, or what says its own (`{"conversation": {"id": …}}`). */
function textsOf(said: unknown): readonly string[] {
  const texts = [said, ...list(said), fields(said).id].flatMap((one) => text(one) ?? [])
  return texts.filter(({ length }) => length <= LONGEST_NAME)
}

/** Every name that a path below a vendor's address may say, in whatever coats of percent signs. */
export function namesInPath(rest: string): readonly string[] {
  const parts = decodedParts(rest)
  const plain = parts.map((part) => part.replace(/:\w*$/, ''))
  const pairs = plain.slice(1).map((part, at) => `${plain[at]}/${part}`)
  return [...new Set([...parts, ...plain, ...pairs])]
}

/** `files/abc` of `https://…/v1beta/files/abc` and `projects/…/files/abc`: Google's names in one form. Others as they are. */
export function keptName(name: string): string {
  const [path = ''] = name.split(/[?#]/, 1)
  return decodedParts(path.replace(/:\w*$/, '')).slice(-2).join('/')
}

/** Collections, and actions, whose answer to POST is something that stays in the account. */
const LASTING: ReadonlySet<string> = new Set([
  ...[
    'files',
    'uploads',
    'assistants',
    'threads',
    'vector_stores',
    'conversations',
    'containers',
    'responses',
    'evals',
  ],
  ...[
    'videos',
    'remix',
    'edits',
    'extensions',
    'jobs',
    'agents',
    'libraries',
    'datasets',
    'skills',
    'connectors',
    'embed-jobs',
  ],
  ...['cachedcontents', 'filesearchstores', 'corpora', 'batchpredictionjobs', 'tuningjobs', 'customjobs'],
  ...['predictlongrunning', 'batchgeneratecontent', 'asyncbatchembedcontent'],
])

/** Whether a request that goes well leaves something in the account that is asked for by its name later. */
export function leavesSomething(method: string, rest: string): boolean {
  if (method !== 'POST') return false
  const last = decodedParts(rest).at(-1)?.toLowerCase() ?? ''
  return LASTING.has(last.slice(last.lastIndexOf(':') + 1))
}

/** What an answer calls the thing that it tells of: an `id`, or Google's `name`. */
export function nameSaid(said: Fields): string | undefined {
  const name = text(said.id) ?? text(said.name) ?? text(fields(said.file).name)
  return name === undefined ? undefined : keptName(name)
}
