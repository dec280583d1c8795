/** Three bytes are four letters, so pieces of a multiple of three can be written one after the other. */
const STEP = 3 * 8192

export function base64Of(bytes: Uint8Array): string {
  let base64 = ''
  for (let from = 0; from < bytes.length; from += STEP)
    base64 += btoa(String.fromCharCode(...bytes.subarray(from, from + STEP)))
  return base64
}

/** Throws for what is no base64. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}
