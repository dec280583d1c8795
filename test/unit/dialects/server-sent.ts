/** The events in a stream's bytes, as any client cuts them. */
export function serverSent(bytes: readonly (Uint8Array | undefined)[]): { event?: string; data: string }[] {
  const text = bytes.map((one) => new TextDecoder().decode(one)).join('')
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const lines = event.split('\n')
      const value = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      const name = value('event')
      return { ...(name !== undefined && { event: name }), data: value('data') ?? '' }
    })
}
