import { isFields, parsed } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { checkDepth, readBytes } from './body.ts'

const MOST_PARTS = 128
/** Fields that are objects, which a form can only write as JSON. */
const OBJECTS: ReadonlySet<string> = new Set(['metadata', 'litellm_metadata', 'extra_body'])

export function isForm({ headers }: Request): boolean {
  return /^multipart\/form-data\s*;/i.test(headers.get('content-type') ?? '')
}

/**
 * A form as fields: files stay files, what is given several times or as `name[]` is a list. Its size is counted as it
 * arrives, and all of it is in memory once.
 */
export async function readForm(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  const bytes = await readBytes(request, maxBytes)
  const type = request.headers.get('content-type') ?? ''
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData().catch((cause: unknown) => {
    throw new GatewayError('invalid_request', 'The body is no form that can be read. Send multipart/form-data.', {
      cause,
    })
  })
  const fields: Record<string, unknown> = Object.create(null)
  let parts = 0
  for (const [written, value] of form) {
    parts += 1
    if (parts > MOST_PARTS) throw new GatewayError('invalid_request', `A form may have ${MOST_PARTS} parts, no more.`)
    const name = written.replace(/\[\]$/, '')
    const said = typeof value === 'string' ? fieldOf(name, value) : value
    const before = fields[name]
    if (before === undefined) fields[name] = written === name ? said : [said]
    else fields[name] = Array.isArray(before) ? [...before, said] : [before, said]
  }
  return { ...fields }
}

function fieldOf(name: string, text: string): unknown {
  if (!OBJECTS.has(name)) return text
  const value = parsed(text)
  if (!isFields(value)) throw new GatewayError('invalid_request', `${name} must be a JSON object.`, { param: name })
  checkDepth(value, 1)
  return value
}
