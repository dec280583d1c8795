import { base64Of } from '../providers/base64.ts'
import type { UpstreamRequest } from '../providers/provider.ts'

/** A JSON object with the file in it. The file is read only now: until then it is held once, by its form. */
export async function withFile(body: string, { name, file }: NonNullable<UpstreamRequest['inlined']>): Promise<string> {
  const base64 = base64Of(new Uint8Array(await file.arrayBuffer()))
  const rest = body === '{}' ? '}' : `,${body.slice(1)}`
  return `{${JSON.stringify(name)}:"${base64}"${rest}`
}
