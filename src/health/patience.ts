/** Waits for work that never fails, so long and no longer. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  if (timer !== undefined) clearTimeout(timer)
}

/** Rejects when the work has not ended in time. The work itself goes on; nobody will look at it. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    work.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}
