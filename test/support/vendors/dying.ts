import { EventStreamCodec } from '@smithy/eventstream-codec'

const SAYS = /"(?:content|text|delta)":\s*"Gr/
const ERRORS: Readonly<Record<string, string>> = {
  anthropic: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
  gemini: 'data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}\n\n',
  responses:
    'event: error\ndata: {"type":"error","code":"server_error","message":"It broke.","param":null,"sequence_number":9}\n\n',
  ollama: '{"error":"an error was encountered while running the model"}\n',
  openai: 'data: {"error":{"message":"The server had an error.","type":"server_error","param":null,"code":null}}\n\n',
}

/** A stream that says its first words and then, as its vendor documents it, that it failed. */
export function dying(family: string, bytes: Buffer): Buffer {
  if (family === 'bedrock') return dyingFrames(bytes)
  const kind = family.replace('vertex-claude', 'anthropic').replace('vertex-gemini', 'gemini')
  const end = kind === 'ollama' ? '\n' : '\n\n'
  const events = bytes.toString().split(end)
  const first = events.findIndex((event) => SAYS.test(event))
  return Buffer.from([...events.slice(0, first + 3), ERRORS[kind] ?? ERRORS.openai].join(end))
}

function dyingFrames(bytes: Buffer): Buffer {
  let at = 0
  while (at < bytes.length) {
    const next = at + bytes.readUInt32BE(at)
    const said = SAYS.test(bytes.subarray(at, next).toString())
    at = next
    if (said) break
  }
  const codec = new EventStreamCodec(
    (text) => Buffer.from(text as Uint8Array).toString(),
    (text) => Buffer.from(text),
  )
  const failed = codec.encode({
    headers: {
      ':exception-type': { type: 'string', value: 'modelStreamErrorException' },
      ':content-type': { type: 'string', value: 'application/json' },
      ':message-type': { type: 'string', value: 'exception' },
    },
    body: Buffer.from('{"message":"The model broke."}'),
  })
  return Buffer.concat([bytes.subarray(0, at), failed])
}
