import type { Source } from './telling.ts'

type Read = Awaited<ReturnType<Source['read']>>

/**
 * How long a vendor may take for what it counted, and to hang up, after its last word. The client has its answer; what was
 * counted is worth more than a guess, and on a machine beyond its strength what was sent at once is heard seconds later.
 */
export const LINGER_MS = 5_000

/**
 * The next piece of a vendor whose answer is whole already: there may be a last event with usage, and then it should hang
 * up. One that does not is not waited for. Its time is looked at twice: an isolate that stood still itself would find its
 * own timer due before what has long arrived.
 */
export async function lastRead(source: Source, lingerMs: number): Promise<Read> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tired = new Promise<Read>((resolve) => {
    const giveUp = () => {
      resolve({ done: true })
      source.cancel().catch(() => {})
    }
    timer = setTimeout(() => {
      timer = setTimeout(giveUp, lingerMs / 2)
    }, lingerMs / 2)
  })
  try {
    return await Promise.race([source.read(), tired])
  } catch {
    // How the connection ends no longer matters.
    return { done: true }
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}
