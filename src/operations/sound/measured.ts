import { audioSeconds } from './seconds.ts'

const lengths = new WeakMap<Blob, number>()

/** Reads how long a file of sound lasts, before it is asked what it may cost: that rule is pure and waits for nobody. */
export async function measure(file: unknown): Promise<void> {
  if (!(file instanceof Blob)) return
  const seconds = audioSeconds(new Uint8Array(await file.arrayBuffer()))
  if (seconds !== undefined) lengths.set(file, seconds)
}

/** As it was measured; undefined for what was not, and for what nobody here can read. */
export function measuredSeconds(file: Blob): number | undefined {
  return lengths.get(file)
}
